/** https://cloud.google.com/artifact-registry/docs/repositories/label-repos: small letters, digits, `_` and `-`, at most 63 */
const labelSafe = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '-')
    .slice(0, 63)

/** The labels on a repository that gpreg made, with its installation. */
export const labelsOf = (installation: string) => ({
  'gpreg-managed': 'true',
  'gpreg-installation': labelSafe(installation),
})

interface Labelled {
  readonly labels?: Readonly<Record<string, string>> | null
}

/** Whether gpreg made the repository for this installation. */
export function hasLabels({ labels }: Labelled, installation: string): boolean {
  return Object.entries(labelsOf(installation)).every(([key, value]) => labels?.[key] === value)
}
