/**
 * Measures how long `gpreg images --manifests` takes on 36,000 lines, as many as the manifests of a large operator have, most of
 * them in definitions of custom resources: `node e2e/bench/parts/manifests.ts`. The built command is measured.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GPREG } from '../../support/gpreg.ts'

const LINES = 36_000
const ROUNDS = 5

const directory = mkdtempSync(join(tmpdir(), 'gpreg-bench-manifests-'))
try {
  for (const [name, share] of [
    ['mostly definitions', 0.95],
    ['deployments alone', 0],
  ] as const) {
    const path = join(directory, 'all.yaml')
    writeFileSync(path, manifests(share * LINES))
    const seconds = Array.from({ length: ROUNDS }, () => measure(path)).toSorted((a, b) => a - b)
    console.log(
      `${name}: ${LINES} lines, median ${seconds[Math.floor(ROUNDS / 2)]!.toFixed(2)} s, best ${seconds[0]!.toFixed(2)} s`,
    )
  }
} finally {
  rmSync(directory, { recursive: true })
}

/** Seconds of wall time. */
function measure(path: string): number {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, [GPREG, 'images', '--manifests', path], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return (performance.now() - start) / 1000
}

/** The first lines are definitions, the others deployments. */
function manifests(definitions: number): string {
  const lines: string[] = []
  while (lines.length < definitions) lines.push(...definition(lines.length))
  while (lines.length < LINES) lines.push(...deployment(lines.length))
  return lines.join('\n')
}

function definition(index: number): string[] {
  const fields = Array.from({ length: 400 }, (_, field) => [
    `              field${field}:`,
    `                description: what the field is for, such as docker.io/library/redis:${field}`,
    '                type: string',
  ]).flat()
  const head = [
    'apiVersion: apiextensions.k8s.io/v1',
    'kind: CustomResourceDefinition',
    `metadata: {name: d${index}}`,
  ]
  return [
    '---',
    ...head,
    'spec:',
    '  versions:',
    '    - schema:',
    '        openAPIV3Schema:',
    '            properties:',
    ...fields,
  ]
}

function deployment(index: number): string[] {
  const head = ['apiVersion: apps/v1', 'kind: Deployment', 'metadata:', `  name: d${index}`]
  const container = [
    '        - name: main',
    `          image: quay.io/org/app:${index % 60}`,
    '          args:',
    '            - --log-level',
    '            - info',
  ]
  return ['---', ...head, 'spec:', '  template:', '    spec:', '      containers:', ...container]
}
