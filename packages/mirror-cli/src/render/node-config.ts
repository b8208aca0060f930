import { createHash } from 'node:crypto'
import type { NodeConfig } from '@gpreg/values-gen'
import { SECRET_MODE } from '@gpreg/oci/engine'
import { renderTable } from './text/table.ts'

/** The answer of `gpreg node-config --json`. It contains the text of a file with a secret only if `-o -` was given. */
export function nodeConfigDocument(
  { files, notes }: NodeConfig,
  { directory, secrets }: { readonly directory?: string; readonly secrets: boolean },
) {
  return {
    kind: 'NodeConfig',
    version: 1,
    ...(directory === undefined ? {} : { directory }),
    files: files.map(({ path, nodePath, mode, why, content }) => ({
      path,
      nodePath,
      mode: mode.toString(8).padStart(4, '0'),
      why,
      // The hash is left out too, because a short password can be found out from the hash of the file.
      ...(mode === SECRET_MODE && !secrets ? {} : { sha256: sha256(content), content }),
    })),
    notes,
  } as const
}

/** The files that were written, with their paths on the node. */
export function renderNodeFiles({ files }: NodeConfig): string {
  return renderTable(
    ['FILE', 'ON THE NODE', 'WHY'],
    files.map(({ path, nodePath, why }) => [path, nodePath, why]),
  )
}

/** All files one after the other, each below a line with its path, in the form that `head` has for several files. */
export function renderNodeContents({ files }: NodeConfig): string {
  return files.map(({ nodePath, content }) => `==> ${nodePath} <==\n${content}`).join('\n')
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
