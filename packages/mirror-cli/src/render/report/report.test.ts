import { describe, expect, it } from 'vitest'
import { createReport, type Report, type ReportedImage } from '@gpreg/core'
import { digestOf } from '@gpreg/oci'
import { formatOfFile, REPORT_FORMATS, renderReport } from './formats.ts'

const image: ReportedImage = {
  source: 'docker.io/library/redis:6.2',
  target: 'registry.internal:5000/gitpod/library/redis:6.2',
  digest: digestOf('redis'),
  platforms: ['linux/amd64'],
  size: 2048,
  blobs: [{ digest: digestOf('layer'), size: 2048 }],
  created: '2026-01-01T10:00:00.000Z',
  licenses: 'BSD-3-Clause',
  origins: ['catalogue:2022.11.3'],
  state: 'verified',
  isGood: true,
  problems: [],
}

function reportOf(...images: readonly ReportedImage[]): Report {
  const { totals, ...empty } = createReport([], { title: 'A <b>change</b>', by: '=HYPERLINK("x")' })
  return {
    ...empty,
    date: '2026-01-02T03:04:05.000Z',
    images,
    totals: { ...totals, images: images.length, good: images.length },
  }
}

const hostile: ReportedImage = {
  ...image,
  target: 'r.io/x:1',
  origins: ['<script>alert(1)</script>', 'a|b\nc'],
  licenses: '=1+1,"x"',
}

describe.each(REPORT_FORMATS)('%s', format => {
  it('is the same each time', () => {
    expect(renderReport(reportOf(image), format)).toBe(renderReport(reportOf(image), format))
  })

  it('names every image with its digest', () => {
    const text = renderReport(reportOf(image), format).replaceAll('\\', '')
    for (const part of ['registry.internal:5000/gitpod/library/redis:6.2', digestOf('redis').slice(7)])
      expect(text).toContain(part)
  })
})

it('says that layers are not shared only where documents tell the layers', () => {
  const made = (...images: ReportedImage[]) => {
    const report = reportOf(...images)
    const bytes = { ...report.totals.bytes, images: 2048, unique: 2048 }
    return renderReport({ ...report, totals: { ...report.totals, bytes } }, 'markdown')
  }
  expect(made(image)).toContain('nothing is shared')
  expect(made(image, { ...image, blobs: [] })).toContain('at most: no document tells')
})

it('the page runs nothing that a document says', () => {
  const page = renderReport(reportOf(hostile), 'html')
  expect(page).not.toContain('<script>alert')
  expect(page).toContain('&lt;script&gt;alert(1)')
  expect(page).toContain('A &lt;b&gt;change')
  expect(page).toMatch(/style-src &#39;sha256-[^&]+&#39;; script-src &#39;sha256-[^&]+&#39;/)
  expect(page).not.toMatch(/(src|href)="(?!#|data:)/)
  expect(page).not.toContain(' style=')
})

it('a cell of a spreadsheet is no formula, and has its quotes doubled', () => {
  const [head, row, ...rest] = renderReport(reportOf(hostile), 'csv').split('\r\n')
  expect(head).toMatch(/^source,target,digest,/)
  expect(row).toContain(`"'=1+1,""x"""`)
  expect(rest).toEqual([''])
})

it('a row of a Markdown table is one line, with as many cells as its head', () => {
  const rows = renderReport(reportOf(hostile), 'markdown')
    .split('\n')
    .filter(line => line.startsWith('|'))
  const [head, , row] = rows.slice(rows.findIndex(line => line.startsWith('| Image |')))
  const cells = (line = '') => line.split(/(?<!\\)\|/).length
  expect(cells(row)).toBe(cells(head))
  expect(row).toContain('a\\|b c')
})

it('bills of materials have package URLs, hashes and references that are unique', () => {
  const bom = JSON.parse(renderReport(reportOf(image, hostile), 'cyclonedx'))
  const purl = `pkg:oci/redis@sha256%3A${digestOf('redis').slice(7)}?repository_url=registry.internal%3A5000/gitpod/library/redis&tag=6.2`
  expect(bom.components[0]).toMatchObject({ type: 'container', purl, hashes: [{ alg: 'SHA-256' }] })
  expect(new Set(bom.dependencies[0].dependsOn).size).toBe(2)
  expect(bom.serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  const spdx = JSON.parse(renderReport(reportOf(image, hostile), 'spdx'))
  expect(spdx.creationInfo.created).toBe('2026-01-02T03:04:05Z')
  expect(spdx.packages.map((each: { licenseDeclared: string }) => each.licenseDeclared)).toEqual([
    'BSD-3-Clause',
    'NOASSERTION',
  ])
  expect(spdx.packages[0].externalRefs[0].referenceLocator).toBe(purl)
})

describe('a signature that was checked', () => {
  const key = digestOf('a public key')
  const byKey: ReportedImage = {
    ...image,
    referrers: [{ digest: digestOf('s'), type: 'sig' }],
    signer: { by: 'key', key },
  }
  const who = { identity: 'https://ci.example/build.yml@main', issuer: 'https://token.example' }
  const byIdentity: ReportedImage = { ...image, target: 'r.io/y:1', signer: { by: 'identity', ...who } }
  const texts = (format: (typeof REPORT_FORMATS)[number]) => renderReport(reportOf(byKey, byIdentity), format)

  it.each(REPORT_FORMATS)('is in %s, with the key or the identity', format => {
    const text = texts(format).replaceAll(/\\|<wbr>/g, '')
    const isForPeople = format === 'html' || format === 'markdown'
    for (const part of [isForPeople ? `checked: by key ${key.slice(0, 19)}` : key, who.identity, who.issuer])
      expect(text).toContain(part)
    expect(renderReport(reportOf(image), format)).not.toMatch(/checked|signer"/)
  })

  it('is an annotation of SPDX, and a property of CycloneDX', () => {
    const [first, second] = JSON.parse(texts('spdx')).packages
    expect(first.annotations).toMatchObject([
      { annotationDate: '2026-01-02T03:04:05Z', annotator: 'Tool: gpreg' },
    ])
    expect(second.annotations[0].comment).toContain(`${who.identity} (${who.issuer})`)
    const [component] = JSON.parse(texts('cyclonedx')).components
    expect(component.properties).toContainEqual({ name: 'gpreg:signer', value: key })
  })
})

it.each([
  ['report.html', 'html'],
  ['a/b.MD', 'markdown'],
  ['x.csv', 'csv'],
  ['bom.json', 'cyclonedx'],
  ['x.cdx.json', 'cyclonedx'],
  ['x.spdx.json', 'spdx'],
])('%s is %s', (path, format) => expect(formatOfFile(path)).toBe(format))

it('a name that says no format is refused', () => {
  expect(() => formatOfFile('report.pdf')).toThrow(expect.objectContaining({ code: 'usage' }))
})
