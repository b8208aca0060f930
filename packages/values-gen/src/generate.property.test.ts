import { knownReleases } from '@gpreg/core'
import { isGpregError, Sensitive } from '@gpreg/oci'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { checkConfig } from './check/check.ts'
import { changeConfig } from './config/document.ts'
import { configFields } from './config/fields.ts'
import { fieldsForRelease } from './config/release.ts'
import { generateValues } from './generate.ts'
import { canHoldImages } from './installation/image-name.ts'
import type { Choice } from './installation/choice.ts'

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/)
const host = fc
  .tuple(
    name,
    fc.constantFrom('internal', 'example.com', 'corp.example.org'),
    fc.option(fc.integer({ min: 1, max: 65_535 })),
  )
  .map(([label, domain, port]) => `${label}.${domain}${port === null ? '' : `:${port}`}`)
const address = fc.tuple(host, fc.array(name, { maxLength: 2 })).map(([at, path]) => [at, ...path].join('/'))
const bucket = fc.stringMatching(/^[a-z][a-z0-9-]{2,20}[a-z0-9]$/)
const region = fc.constantFrom('eu-west-1', 'us-east-1', 'cn-north-1', 'us-gov-west-1')
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

const kind = fc.oneof(
  fc.record({ kind: fc.constant('in-cluster' as const), s3: optional(fc.record({ bucket, region })) }),
  fc.record({
    kind: fc.constant('aws' as const),
    region,
    bucket,
    storageBucket: optional(bucket),
    registryRegion: optional(region),
  }),
  fc.record({
    kind: fc.constant('gcp' as const),
    project: bucket,
    region: fc.constant('europe-west1'),
    registryHost: fc.constantFrom('gcr.io', 'eu.gcr.io', 'europe-west1-docker.pkg.dev/p/gitpod'),
  }),
  fc.record({
    kind: fc.constant('azure' as const),
    registry: name.map(label => `${label}.azurecr.io`),
    region: fc.constant('westeurope'),
  }),
  fc.record({ kind: fc.constant('external' as const), registry: address }),
)
const mirror = fc.record({ mirror: address, dropImageRepo: fc.boolean(), privateCa: fc.boolean() })
const secretNames = fc.record({
  registry: name.map(part => `reg-${part}`),
  mirror: name.map(part => `mirror-${part}`),
})

/** Setups that a careful person would choose. */
const choices: fc.Arbitrary<Choice> = fc
  .tuple(kind, optional(mirror), optional(secretNames), fc.boolean())
  .map(([own, mirrored, names, single]) => {
    const singleRegistry = single && mirrored !== undefined
    const external = singleRegistry && own.kind === 'external' ? { registry: mirrored.mirror } : {}
    const all = {
      domain: 'gitpod.example.com',
      ...own,
      ...mirrored,
      ...external,
      singleRegistry,
      secretNames: names,
    }
    return Object.fromEntries(
      Object.entries(all).filter(([, value]) => value !== undefined),
    ) as unknown as Choice
  })
const releases = fc.constantFrom(...knownReleases())
const values = { registry: { username: 'a', password: new Sensitive('b') } }

it('a written configuration has no findings, for any choice and release', () => {
  fc.assert(
    fc.property(choices, releases, (choice, release) => {
      const { text } = generateValues({ choice, values, format: 'installer', release })
      expect(checkConfig(text as string, { path: '-', release }).findings).toEqual([])
    }),
    { numRuns: 300 },
  )
})

/** Addresses that images can be below, and others that they cannot. */
const odd = fc.oneof(
  address,
  fc.constantFrom('docker.io', 'docker.io/gitpod', 'index.docker.io/gitpod', 'harbor/gitpod', 'localhost'),
  fc.tuple(fc.ipV6(), name).map(([ip, path]) => `[${ip}]:5000/${path}`),
)

it('the installer can make image names of every address that is written; others are refused', () => {
  fc.assert(
    fc.property(odd, fc.boolean(), fc.boolean(), (at, dropImageRepo, singleRegistry) => {
      const choice: Choice = { kind: 'external', registry: 'x.internal', domain: 'a.example.com', mirror: at }
      const whole = { ...choice, dropImageRepo, singleRegistry, ...(singleRegistry ? { registry: at } : {}) }
      try {
        const { text } = generateValues({ choice: whole, values, format: 'installer' })
        expect(canHoldImages(at, dropImageRepo)).toBe(true)
        expect(checkConfig(text as string, { path: '-' }).totals.errors).toBe(0)
      } catch (error) {
        if (!isGpregError(error)) throw error
        expect(error.code).toBe('usage')
        expect(error.hint).toBeTruthy()
      }
    }),
  )
})

it('setting the same fields in a written configuration changes nothing', () => {
  fc.assert(
    fc.property(choices, releases, (choice, release) => {
      const { text, installation } = generateValues({ choice, values, format: 'installer', release })
      const fields = fieldsForRelease(configFields(installation), release)
      expect(changeConfig(text as string, '-', fields, release)).toBe(text)
    }),
  )
})

it('every Secret that the configuration names is written or listed as missing', () => {
  fc.assert(
    fc.property(choices, choice => {
      const { text, secrets } = generateValues({ choice, values, format: 'installer' })
      const named = new Set<string>()
      const look = (node: unknown): void => {
        if (typeof node !== 'object' || node === null) return
        if ('kind' in node && node.kind === 'secret' && 'name' in node) named.add(String(node.name))
        Object.values(node).forEach(look)
      }
      look(parse(text as string))
      const known = [...secrets.manifests, ...secrets.missing].map(one => one.name)
      expect(new Set(known)).toEqual(named)
    }),
  )
})
