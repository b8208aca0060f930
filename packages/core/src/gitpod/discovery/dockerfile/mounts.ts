/** The mounts that can have an image as their source. */
const TYPES_WITH_SOURCE = new Set(['bind', 'cache'])

/** The sources that the value of `RUN --mount=` names: at most one. Its options are a line of CSV. */
export function mountSources(value: string): string[] {
  const options = new Map(
    value.split(',').map(option => {
      const [key = '', ...rest] = option.split('=')
      return [key.trim().toLowerCase(), rest.join('=').trim()] as const
    }),
  )
  const from = options.get('from') ?? ''
  return from !== '' && TYPES_WITH_SOURCE.has((options.get('type') ?? 'bind').toLowerCase()) ? [from] : []
}
