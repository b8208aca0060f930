/** The commands that people keep in scripts. Other ones than pull name files, targets and options, too. */
const TOOL = String.raw`^\s*(?:sudo\s+)?(?:docker|podman|nerdctl|crictl|ctr|crane|skopeo|oras|regctl)(?:\s+-\S+(?:\s+\S+)??){0,3}?`
const COMMAND = new RegExp(String.raw`${TOOL}\s+[a-z]+\s`)
const PULL = new RegExp(String.raw`${TOOL}\s+(?:(?:images?|i)\s+)?pull\s`)
/** Options of these commands: those that a word follows as their value, and the others. */
const OPTION =
  /\s--(?:platform|arch|os|variant|creds|authfile|cert-dir|retry|retry-delay)\s+\S+|\s--?[a-z][\w-]*(?:=\S*)?(?=\s)/g

/** True for a command that is no list of what it pulls. */
export function isOtherCommand(line: string): boolean {
  return COMMAND.test(line) && !PULL.test(line)
}

/** The names after a command that pulls, at their columns; another line as it is. */
export function withoutCommand(line: string): string {
  return PULL.test(line) ? line.replace(PULL, indent).replace(OPTION, indent) : line
}

/** Blanks as long as a text, so that columns stay. */
const indent = (text: string) => ' '.repeat(text.length)
