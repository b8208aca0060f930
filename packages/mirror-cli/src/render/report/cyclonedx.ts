import type { Report, ReportedImage } from '@gpreg/core'
import { packageUrl, toolOf, uuidOf } from './purl.ts'
import { nameOf } from './words.ts'

/** The images that are all right as a bill of materials: https://cyclonedx.org/docs/1.6/json/ */
export function renderCycloneDx(report: Report): string {
  const components = report.images.filter(({ isGood }) => isGood).map(component)
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(report))}`,
    version: 1,
    metadata: {
      ...(report.date === undefined ? {} : { timestamp: report.date }),
      tools: { components: [{ type: 'application', ...toolOf(report.runs) }] },
      ...(report.by === undefined ? {} : { authors: [{ name: report.by }] }),
      component: { type: 'application', 'bom-ref': ROOT, name: report.title },
    },
    components,
    dependencies: [{ ref: ROOT, dependsOn: components.map(each => each['bom-ref']) }],
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

const ROOT = 'images'

function component(image: ReportedImage) {
  const { source, digest, licenses, signer } = image
  const purl = packageUrl(image)
  return {
    type: 'container',
    'bom-ref': nameOf(image),
    name: nameOf(image),
    ...(digest === undefined ? {} : { version: digest }),
    ...(digest === undefined ? {} : { hashes: [hashOf(digest)] }),
    // An image may say anything for a licence, so it is a name and not an expression of SPDX.
    ...(licenses === undefined ? {} : { licenses: [{ license: { name: licenses } }] }),
    ...(purl === undefined ? {} : { purl }),
    properties: properties({
      source,
      platforms: image.platforms.join(' '),
      bytes: image.size,
      created: image.created,
      why: image.origins.join(' '),
      state: image.state,
      signer: signer?.by === 'key' ? signer.key : signer?.identity,
      issuer: signer?.by === 'identity' ? signer.issuer : undefined,
      signatures: image.referrers?.map(({ type, digest }) => `${type}@${digest}`).join(' '),
    }),
  }
}

function hashOf(digest: string) {
  const [algorithm, content] = digest.split(':')
  return { alg: algorithm === 'sha512' ? 'SHA-512' : 'SHA-256', content }
}

function properties(values: Readonly<Record<string, string | number | undefined>>) {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [{ name: `gpreg:${name}`, value: String(value) }],
  )
}
