import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createReport, type Report, type ReportedImage } from '@gpreg/core'
import { digestOf } from '@gpreg/oci'
import { renderReport } from './formats.ts'

const plain: ReportedImage = {
  platforms: [],
  blobs: [],
  origins: [],
  state: 'listed',
  isGood: true,
  problems: [],
}
const whole: ReportedImage = {
  ...plain,
  source: 'docker.io/library/redis:6.2',
  target: '[::1]:5000/gitpod/library/redis:6.2',
  digest: digestOf('redis'),
  platforms: ['linux/amd64', 'linux/arm64/v8'],
  size: 2048,
  blobs: [{ digest: digestOf('layer'), size: 2048 }],
  created: '2026-01-01T10:00:00.000Z',
  licenses: 'BSD-3-Clause AND MIT',
  origins: ['catalogue:2022.11.3', 'image-list:extra.txt'],
  referrers: [{ digest: digestOf('signature'), type: 'sig' }],
  state: 'verified-deep',
}
const sha512 = `sha512:${'0'.repeat(128)}` as const
const IMAGES: readonly (readonly [string, readonly ReportedImage[]])[] = [
  ['no image', []],
  ['an image of which only the name is known', [{ ...plain, source: 'quay.io/a/b' }]],
  ['an image of which all is known', [whole]],
  ['a key', [{ ...whole, signer: { by: 'key', key: digestOf('key') } }]],
  ['an identity', [{ ...whole, signer: { by: 'identity', identity: 'a@b.c', issuer: 'https://issuer' } }]],
  ['SHA-512', [{ ...whole, digest: sha512 }]],
  ['a licence that is none', [{ ...whole, licenses: 'ask <legal@example.com>', origins: ['a\nb', '"'] }]],
  ['an image without the right name', [{ ...plain, source: 'an image in no registry' }]],
  ['many images', [whole, { ...whole, target: 'r.io/x:1' }, { ...whole, isGood: false, state: 'missing' }]],
]
const REPORTS = IMAGES.flatMap(([what, images]) => {
  const empty = createReport([], { title: `The "change" of ${what}` })
  const dated: Report = { ...empty, images, by: 'A. Person', date: '2026-01-02T03:04:05.678Z' }
  return [
    [what, dated],
    [`${what}, without a date`, { ...empty, images }],
  ] as const
})

describe('CycloneDX', () => {
  let validate: (document: unknown) => string
  beforeAll(async () => {
    const ajv = new Ajv({
      strict: false,
      allErrors: true,
      formats: { 'iri-reference': true, 'idn-email': true },
    })
    formats.default(ajv)
    // The schemas as the project publishes them. That of the document refers to the others by the names of their files.
    for (const name of ['spdx', 'jsf-0.82', 'cryptography-defs'])
      ajv.addSchema(await readSchema(name), `http://cyclonedx.org/schema/${fileOf(name)}`)
    const check = ajv.compile(await readSchema('bom-1.6'))
    validate = document => (check(document) ? '' : ajv.errorsText(check.errors))
  })

  it.each(REPORTS)('with %s is valid by the published schema', (_, report) => {
    expect(validate(JSON.parse(renderReport(report, 'cyclonedx')))).toBe('')
  })

  it('that is not valid is found', () => {
    const bom = JSON.parse(renderReport({ ...createReport([]), images: [whole] }, 'cyclonedx'))
    expect(validate({ ...bom, specVersion: 1.6 })).toContain('specVersion')
    expect(
      validate({ ...bom, components: [{ ...bom.components[0], hashes: [{ alg: 'SHA256' }] }] }),
    ).toContain('hashes')
    expect(validate({ ...bom, surplus: true })).toContain('additional')
  })
})

const fileOf = (name: string) => `${name}.SNAPSHOT.schema.json`

async function readSchema(name: string): Promise<object> {
  const root = new URL('.', import.meta.resolve('@cyclonedx/cyclonedx-library/package.json'))
  const schema = await readFile(fileURLToPath(new URL(`res/schema/${fileOf(name)}`, root)), 'utf8')
  return JSON.parse(schema) as object
}

/** SPDX publishes its schema in no package, so these are the fields that the specification has: https://spdx.github.io/spdx-spec/v2.3/ */
const spdxDocument = (() => {
  const moment = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const id = z.string().regex(/^SPDXRef-[A-Za-z0-9.-]+$/)
  const agent = z.string().regex(/^(Tool|Person|Organization): \S/)
  const line = z.string().regex(/^\S.*$/s)
  const checksum = z.discriminatedUnion('algorithm', [
    z.strictObject({ algorithm: z.literal('SHA256'), checksumValue: z.string().regex(/^[0-9a-f]{64}$/) }),
    z.strictObject({ algorithm: z.literal('SHA512'), checksumValue: z.string().regex(/^[0-9a-f]{128}$/) }),
  ])
  const annotation = z.strictObject({
    annotationDate: moment,
    annotationType: z.enum(['OTHER', 'REVIEW']),
    annotator: agent,
    comment: line,
  })
  const licence = z.string().regex(/^(NOASSERTION|NONE|[A-Za-z0-9.-]+( (AND|OR) [A-Za-z0-9.-]+)*)$/)
  const reference = z.strictObject({
    referenceCategory: z.enum(['OTHER', 'PERSISTENT-ID', 'SECURITY', 'PACKAGE-MANAGER']),
    referenceType: z.literal('purl'),
    referenceLocator: z.string().regex(/^pkg:oci\/\S+$/),
  })
  const described = z.strictObject({
    SPDXID: id,
    name: line,
    versionInfo: line.optional(),
    downloadLocation: z.string().regex(/^(NOASSERTION|NONE|[a-z+]+:\S+)$/),
    // Without files a package has no verification code, and says so.
    filesAnalyzed: z.literal(false),
    primaryPackagePurpose: z.literal('CONTAINER'),
    licenseConcluded: licence,
    licenseDeclared: licence,
    licenseComments: line.optional(),
    copyrightText: line,
    sourceInfo: line.optional(),
    builtDate: moment.optional(),
    comment: line.optional(),
    annotations: z.array(annotation).min(1).optional(),
    checksums: z.array(checksum).min(1).optional(),
    externalRefs: z.array(reference).min(1).optional(),
  })
  return z.strictObject({
    spdxVersion: z.literal('SPDX-2.3'),
    dataLicense: z.literal('CC0-1.0'),
    SPDXID: z.literal('SPDXRef-DOCUMENT'),
    name: line,
    // An absolute URI without a fragment.
    documentNamespace: z.url().regex(/^[^#]+$/),
    creationInfo: z.strictObject({ created: moment, creators: z.array(agent).min(1) }),
    packages: z.array(described),
    relationships: z.array(
      z.strictObject({
        spdxElementId: z.literal('SPDXRef-DOCUMENT'),
        relationshipType: z.literal('DESCRIBES'),
        relatedSpdxElement: id,
      }),
    ),
  })
})()

describe('SPDX', () => {
  it.each(REPORTS)('with %s has the fields of the specification and no others', (_, report) => {
    const document = spdxDocument.parse(JSON.parse(renderReport(report, 'spdx')))
    const ids = document.packages.map(({ SPDXID }) => SPDXID)
    expect(new Set(ids).size).toBe(ids.length)
    expect(document.relationships.map(({ relatedSpdxElement }) => relatedSpdxElement)).toEqual(ids)
    expect(ids.length).toBe(report.images.filter(({ isGood }) => isGood).length)
  })
})
