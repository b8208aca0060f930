import { join } from 'node:path'
import type { Context } from '../../../context.ts'
import { DEFAULT_WORKSPACE_IMAGE, type FoundImage } from '../found-image.ts'
import { composePaths, readComposeFiles } from './compose.ts'
import { devcontainerPaths, readDevcontainers } from './devcontainer.ts'
import { Findings } from './findings.ts'
import { CONFIG, readGitpodConfig } from './gitpod-yml.ts'
import { repositoriesIn } from './repositories.ts'
import { RepositoryFiles } from './repository-files.ts'

/** Files that other tools read in a workspace. Gitpod does not, so their images are found only on demand. */
export const WORKSPACE_FILES = ['devcontainer', 'compose'] as const
export type WorkspaceFiles = (typeof WORKSPACE_FILES)[number]

/**
 * Finds the images that the workspaces of a repository need: those of its `.gitpod.yml` and of the Dockerfile that it names, and of
 * other files on demand. If none of them names the image of the workspace, that is `gitpod/workspace-full`. A directory of
 * repositories stands for all of them.
 * @throws `input-unreadable`, `input-invalid` if the repository that was named cannot be read. In a directory of repositories
 * such a repository is a warning.
 */
export async function workspaceRepoImages(
  directory: string,
  context: Context,
  also: readonly WorkspaceFiles[] = [],
): Promise<FoundImage[]> {
  const repositories = await repositoriesIn(directory, context)
  const found: FoundImage[] = []
  for (const repository of repositories) {
    const findings = new Findings(repository, context)
    const work = () => readRepository(repository, findings, also)
    if (repository === directory) await work()
    else await findings.attempt(repository, work)
    found.push(...findings.images)
  }
  return found
}

async function readRepository(
  directory: string,
  findings: Findings,
  also: readonly WorkspaceFiles[],
): Promise<void> {
  const files = await RepositoryFiles.open(directory)
  const isNamed = await readGitpodConfig(files, findings)
  const isContainer = also.includes('devcontainer') && (await readDevcontainers(files, findings))
  if (also.includes('compose')) await readComposeFiles(await composePaths(files, findings), files, findings)
  await tellUnread(files, findings, also)
  if (isNamed || isContainer) return
  const origins = [`workspace-repo:${join(directory, CONFIG)}`]
  findings.images.push({ source: DEFAULT_WORKSPACE_IMAGE, purpose: 'workspace-base', origins })
}

/** Warns of files whose images a workspace may need, but that were not asked for. */
async function tellUnread(
  files: RepositoryFiles,
  findings: Findings,
  also: readonly WorkspaceFiles[],
): Promise<void> {
  const paths = {
    devcontainer: () => devcontainerPaths(files),
    compose: () => composePaths(files, findings),
  }
  for (const kind of WORKSPACE_FILES.filter(kind => !also.includes(kind)))
    for (const path of await paths[kind]())
      if (await files.has(path))
        findings.warn(
          `${join(files.directory, path)} is passed over; --workspace-files ${kind} reads its images, too`,
          path,
        )
}
