import { mkdtempSync, readFileSync, rmSync, writeFileSync, mkdirSync, globSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Package, PackageJson } from '../workspace/packages.ts'
import { contentFaults, manifestFaults, mapFaults } from './contents.ts'
import { publishedManifest } from './manifest.ts'
import { stagePackage } from './stage.ts'

const entry = (path: string) => ({
  'gpreg-source': `./src/${path}.ts`,
  types: `./dist/${path}.d.ts`,
  default: `./dist/${path}.js`,
})

const LIBRARY: PackageJson = {
  name: '@x/a',
  version: '1.0.0',
  license: 'Apache-2.0',
  sideEffects: false,
  exports: {
    '.': entry('index'),
    './engine': entry('engine'),
    './testing': entry('testing/index'),
    './*': entry('*'),
  },
  files: ['dist', '!dist/testing'],
  dependencies: { yaml: '^2.0.0' },
  devDependencies: { '@types/yaml': '^2.0.0' },
  nx: { tags: ['layer:a'] },
}

describe('publishedManifest', () => {
  it('leaves out what is of use in this workspace only', () => {
    expect(publishedManifest(LIBRARY)).toEqual({
      name: '@x/a',
      version: '1.0.0',
      license: 'Apache-2.0',
      exports: {
        '.': { types: './dist/index.d.ts', default: './dist/index.js' },
        './engine': { types: './dist/engine.d.ts', default: './dist/engine.js' },
      },
      files: ['dist'],
      dependencies: { yaml: '^2.0.0' },
      sideEffects: false,
    })
  })

  it('leaves a command as it is', () => {
    const command = { name: 'x', version: '1.0.0', bin: { x: 'bin/x.js' }, files: ['bin', 'dist'] }
    expect(publishedManifest(command)).toEqual(command)
  })
})

describe('stagePackage', () => {
  let repo: string
  beforeEach(() => {
    repo = mkdtempSync(join(tmpdir(), 'gpreg-stage-'))
  })
  afterEach(() => rmSync(repo, { recursive: true }))

  const write = (...paths: readonly string[]) => {
    for (const path of paths) {
      mkdirSync(dirname(join(repo, path)), { recursive: true })
      writeFileSync(join(repo, path), path)
    }
  }
  const stage = (json: PackageJson) => {
    const each: Package = { folder: 'packages/a', short: 'a', json, entries: new Map() }
    stagePackage(repo, each, join(repo, 'out'))
    return globSync('out/**', { cwd: repo, withFileTypes: true })
      .filter(found => found.isFile())
      .map(found => join(found.parentPath, found.name).slice(join(repo, 'out/').length))
      .sort()
  }

  it('takes the outputs of the sources of a library, and nothing else', () => {
    write('LICENSE', 'packages/a/README.md')
    write(
      'packages/a/src/index.ts',
      'packages/a/src/b/c.ts',
      'packages/a/src/b/c.test.ts',
      'packages/a/src/testing/t.ts',
    )
    for (const path of ['index', 'b/c', 'b/c.test', 'testing/t', 'gone']) {
      write(`packages/a/dist/${path}.js`, `packages/a/dist/${path}.js.map`, `packages/a/dist/${path}.d.ts`)
    }
    write('packages/a/dist/tsconfig.tsbuildinfo')
    expect(stage(LIBRARY)).toEqual([
      'LICENSE',
      'README.md',
      'dist/b/c.d.ts',
      'dist/b/c.js',
      'dist/b/c.js.map',
      'dist/index.d.ts',
      'dist/index.js',
      'dist/index.js.map',
      'package.json',
    ])
    expect(readFileSync(join(repo, 'out/package.json'), 'utf8')).not.toContain('gpreg-source')
  })

  it('takes the files that a command lists', () => {
    write(
      'LICENSE',
      'packages/a/README.md',
      'packages/a/bin/x.js',
      'packages/a/dist/b/c.js',
      'packages/a/src/d.ts',
    )
    expect(stage({ name: 'x', version: '1.0.0', bin: { x: 'bin/x.js' }, files: ['bin', 'dist'] })).toEqual([
      'LICENSE',
      'README.md',
      'bin/x.js',
      'dist/b/c.js',
      'package.json',
    ])
  })

  it('fails if a file is missing', () => {
    write('LICENSE', 'packages/a/README.md', 'packages/a/src/index.ts')
    expect(() => stage(LIBRARY)).toThrow(/dist\/index\.js is missing/)
  })
})

describe('a tarball', () => {
  const each: Package = { folder: 'packages/a', short: 'a', json: LIBRARY, entries: new Map() }
  const good = ['LICENSE', 'README.md', 'package.json', 'dist/index.js', 'dist/index.d.ts']
  const faults = (...files: readonly string[]) => contentFaults({ package: each, path: 'a.tgz', files })

  it('has what npm expects, and neither tests nor sources', () => {
    expect(faults(...good)).toEqual([])
    expect(
      faults(...good.slice(1), 'dist/a.test.js', 'dist/testing/b.js', 'dist/c.d.ts.map', 'src/d.ts'),
    ).toEqual([
      '@x/a has no LICENSE',
      '@x/a has dist/a.test.js',
      '@x/a has dist/testing/b.js',
      '@x/a has dist/c.d.ts.map',
      '@x/a has src/d.ts',
    ])
  })

  it('has a package.json that says nothing of this workspace', () => {
    expect(manifestFaults('@x/a', JSON.stringify(publishedManifest(LIBRARY)))).toEqual([])
    expect(manifestFaults('@x/a', JSON.stringify(LIBRARY))).toHaveLength(5)
    const { sideEffects: _, ...silent } = publishedManifest(LIBRARY)
    expect(manifestFaults('@x/a', JSON.stringify(silent))).toEqual([
      'package.json of @x/a lets bundlers drop nothing: sideEffects is not false',
    ])
  })
})

describe('the source maps of a tarball', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gpreg-maps-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const each: Package = { folder: 'packages/a', short: 'a', json: LIBRARY, entries: new Map() }
  const faults = (map: object | undefined, comment = '//# sourceMappingURL=a.js.map') => {
    writeFileSync(join(folder, 'a.js'), `export {}\n${comment}`)
    if (map !== undefined) writeFileSync(join(folder, 'a.js.map'), JSON.stringify(map))
    const files = ['a.js', ...(map === undefined ? [] : ['a.js.map'])]
    return mapFaults({ package: each, path: 'a.tgz', files }, folder)
  }

  it('are there, and have their sources in them', () => {
    const whole = { sources: ['../src/a.ts'], sourcesContent: ['export {}'] }
    expect(faults(whole)).toEqual([])
    expect(faults(whole, '')).toEqual(['@x/a: a.js has no source map'])
    expect(faults(undefined)).toEqual(['@x/a: a.js has no source map'])
    for (const sourcesContent of [undefined, [], [null]])
      expect(faults({ ...whole, sourcesContent })).toEqual(['@x/a: a.js.map lacks its sources'])
  })
})
