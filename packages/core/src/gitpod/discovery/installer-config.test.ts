import { describe, expect, it } from 'vitest'
import { formatReference } from '@gpreg/oci'
import { parseInstallerConfig } from './installer-config.ts'
import { readInstallerConfig } from './installer-file.ts'

const parse = (text: string) =>
  parseInstallerConfig(readInstallerConfig(text, 'gitpod.config.yaml'), 'gitpod.config.yaml')

describe('parseInstallerConfig', () => {
  it('reads target, base image and naming', () => {
    const text =
      'apiVersion: v1\nrepository: registry.internal/gitpod/\ndropImageRepo: true\nworkspace:\n  workspaceImage: gitpod/workspace-base\n'
    expect(parse(text)).toEqual({
      to: { host: 'registry.internal', path: 'gitpod' },
      workspaceImage: { host: 'docker.io', repository: 'gitpod/workspace-base', tag: 'latest' },
      naming: 'flat',
    })
  })

  it.each([
    'repository: eu.gcr.io/gitpod-core-dev/build\nworkspace: {workspaceImage: ""}\n',
    'domain: x.y\n',
  ])('has no target and no base image if the configuration has the defaults', text => {
    expect(parse(text)).toEqual({ naming: 'installer' })
  })

  it.each([
    ['r.io/g', 'false', 'r.io/g/gitpod/workspace-full:latest', 'docker.io/gitpod/workspace-full:latest'],
    ['r.io/g', 'true', 'r.io/g/workspace-full:latest', 'docker.io/gitpod/workspace-full:latest'],
    ['r.io:5000', 'false', 'r.io:5000/gitpod/workspace-go:1', 'docker.io/gitpod/workspace-go:1'],
    ['r.io/g', 'false', 'r.io/g/team/base:1', 'r.io/g/team/base:1'],
    ['r.io/g', 'true', 'r.io/g/workspace-corp:1', 'r.io/g/workspace-corp:1'],
    ['r.io/g', 'false', 'other.io/g/gitpod/workspace-full:1', 'other.io/g/gitpod/workspace-full:1'],
    ['r.io/gitpod', 'false', 'r.io/gitpod/workspace-full:1', 'r.io/gitpod/workspace-full:1'],
  ])(
    'takes the original for the copy in the mirror: %s, dropImageRepo: %s, %s',
    (to, flat, image, source) => {
      const text = `repository: ${to}\ndropImageRepo: ${flat}\nworkspace: {workspaceImage: "${image}"}`
      expect(formatReference(parse(text).workspaceImage!)).toBe(source)
    },
  )

  it('says that manifests are no configuration, and what reads them', () => {
    expect(() => parse('apiVersion: v1\nkind: Pod\n---\napiVersion: v1\nkind: Pod\n')).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('Kubernetes'),
        hint: expect.stringContaining('--manifests'),
      }),
    )
  })

  it.each(['repository: https://r.io/x', 'domain: x\nrepository: r.io/UPPER', '- a', ''])(
    'refuses %j',
    text => {
      expect(() => parse(text)).toThrow(
        expect.objectContaining({
          code: 'input-invalid',
          message: expect.stringContaining('gitpod.config.yaml'),
          hint: expect.any(String),
        }),
      )
    },
  )
})

describe('a field that moved', () => {
  const image = 'registry.internal/team/base:1'

  it.each([
    `workspace: {workspaceImage: "${image}"}`,
    `experimental: {webapp: {server: {workspaceDefaults: {workspaceImage: "${image}"}}}}`,
    `experimental: {webApp: {Server: {workspaceDefaults: {workspaceImage: "${image}"}}}}`,
    `Workspace: {workspaceimage: "${image}"}`,
    `workspace: {workspaceImage: ""}\nexperimental: {webapp: {server: {workspaceDefaults: {workspaceImage: "${image}"}}}}`,
  ])('is read at both places and in any case of letters: %s', text => {
    expect(parse(text).workspaceImage).toMatchObject({ host: 'registry.internal', repository: 'team/base' })
  })

  it('and repository and dropImageRepo are read in any case, and as YAML 1.1', () => {
    expect(parse('Repository: registry.internal/gitpod\ndropimagerepo: yes')).toEqual({
      to: { host: 'registry.internal', path: 'gitpod' },
      naming: 'flat',
    })
  })
})
