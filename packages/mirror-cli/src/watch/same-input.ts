/**
 * Makes standard input readable in every round, as the first round read it. Within a round it can be read once.
 * @param read reads standard input once; throws when called again
 * @returns a function that begins a round
 */
export function sameInput(read: () => Promise<string>): () => () => Promise<string> {
  let text: Promise<string> | undefined
  return () => {
    let isRead = false
    return () => {
      if (isRead) return read()
      isRead = true
      return (text ??= read())
    }
  }
}
