import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'

/** A unified diff, as `patch` takes it; empty where nothing changes. */
export function diffConfig(before: string, after: string, path: string): string {
  if (before === after) return ''
  return createTwoFilesPatch(path, path, before, after, 'before', 'after', {
    context: 3,
    headerOptions: FILE_HEADERS_ONLY,
  })
}
