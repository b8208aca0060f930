import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command, Interfaces } from '../oclif.ts'
import type { Load } from './loader.ts'

interface Manifest {
  /** in the order of their names, with the files below the package that define them */
  readonly commands: Readonly<Record<string, Command.Cached & { readonly relativePath: readonly string[] }>>
}

/**
 * The only plugin of oclif: the built commands of this package, each of which is loaded when it runs. Everything is from package.json
 * and oclif.manifest.json; oclif itself would search the disk for plugins and sort the commands by locale, which loads the collation
 * tables of the language.
 * @param root the directory of the package
 * @param load loads the files of the built command
 */
export function builtCommands(root: string, load: Load): Interfaces.Plugin {
  const pjson = readJson<Interfaces.PJSON>(join(root, 'package.json'))
  const { commands } = readJson<Manifest>(join(root, 'oclif.manifest.json'))
  const { name, version, oclif } = pjson
  const plugin: Interfaces.Plugin = {
    _base: `@oclif/core@${version}`,
    name,
    alias: name,
    version,
    pjson,
    root,
    options: { root, isRoot: true },
    type: 'core',
    moduleType: 'module',
    isRoot: true,
    valid: true,
    hasManifest: true,
    hooks: {},
    topics: Object.entries(oclif.topics ?? {}).map(([name, topic]) => ({ ...topic, name })),
    commandsDir: undefined,
    commandIDs: Object.keys(commands),
    commands: Object.values(commands).map(command => ({
      ...command,
      load: () => plugin.findCommand(command.id, { must: true }),
    })),
    load: async () => {},
    findCommand: async (id: string) => {
      const path = join(root, ...commands[id]!.relativePath)
      const { default: command } = load(path) as { default: Command.Class }
      return Object.assign(command, { id, plugin })
    },
  }
  return plugin
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(path, 'utf8'))
}
