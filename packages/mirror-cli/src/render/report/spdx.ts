import type { Report, ReportedImage } from '@gpreg/core'
import { packageUrl, toolOf, uuidOf } from './purl.ts'
import { nameOf } from './words.ts'

/** The images that are all right as a document of SPDX 2.3: https://spdx.github.io/spdx-spec/v2.3/ */
export function renderSpdx(report: Report): string {
  const { name, version } = toolOf(report.runs)
  const made = {
    date: `${(report.date ?? UNKNOWN).slice(0, 19)}Z`,
    tool: `Tool: ${version === undefined ? name : `${name}-${version}`}`,
  }
  const packages = report.images
    .filter(({ isGood }) => isGood)
    .map((image, index) => describePackage(image, index, made))
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: report.title,
    documentNamespace: `https://spdx.org/spdxdocs/gpreg-${uuidOf(JSON.stringify(report))}`,
    creationInfo: {
      created: made.date,
      creators: [made.tool, ...(report.by === undefined ? [] : [`Person: ${report.by}`])],
    },
    packages,
    relationships: packages.map(({ SPDXID }) => ({
      spdxElementId: 'SPDXRef-DOCUMENT',
      relationshipType: 'DESCRIBES',
      relatedSpdxElement: SPDXID,
    })),
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}

/** SPDX wants a date; a report of documents without one has the first second of Unix time. */
const UNKNOWN = new Date(0).toISOString()

/** When and with which tool the facts of a report were found. */
interface Made {
  readonly date: string
  readonly tool: string
}

function describePackage(image: ReportedImage, index: number, made: Made) {
  const { digest, licenses, source } = image
  const purl = packageUrl(image)
  const [algorithm = '', checksumValue] = digest?.split(':') ?? []
  return {
    SPDXID: `SPDXRef-Image-${index + 1}`,
    name: nameOf(image),
    ...(digest === undefined ? {} : { versionInfo: digest }),
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    primaryPackagePurpose: 'CONTAINER',
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: declared(licenses),
    ...(licenses === undefined ? {} : { licenseComments: `the image says: ${licenses}` }),
    copyrightText: 'NOASSERTION',
    ...(source === undefined ? {} : { sourceInfo: `copied from ${source}` }),
    ...(image.created === undefined ? {} : { builtDate: `${image.created.slice(0, 19)}Z` }),
    ...(image.origins.length === 0 ? {} : { comment: `needed by ${image.origins.join(', ')}` }),
    ...annotations(image, made),
    ...(digest === undefined ? {} : { checksums: [{ algorithm: algorithm.toUpperCase(), checksumValue }] }),
    ...(purl === undefined
      ? {}
      : {
          externalRefs: [
            { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl },
          ],
        }),
  }
}

/** That the signature of an image was checked is a statement of the tool, not of the image. */
function annotations({ signer }: ReportedImage, { date, tool }: Made) {
  if (signer === undefined) return {}
  const who = signer.by === 'key' ? `the key ${signer.key}` : `${signer.identity} (${signer.issuer})`
  const comment = `its signature was checked: it is by ${who}`
  return { annotations: [{ annotationDate: date, annotationType: 'OTHER', annotator: tool, comment }] }
}

/** Licences that images name most. SPDX allows names of its list only, and an image may say anything. */
const LISTED = new Set(
  'AGPL-3.0-only AGPL-3.0-or-later Apache-2.0 BSD-2-Clause BSD-3-Clause CC0-1.0 EPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later ISC LGPL-2.1-only LGPL-3.0-only MIT MPL-2.0 PostgreSQL Python-2.0 Unlicense Zlib'.split(
    ' ',
  ),
)

function declared(licenses: string | undefined): string {
  const names = licenses?.split(/ (?:AND|OR) /) ?? []
  return licenses !== undefined && names.every(name => LISTED.has(name)) ? licenses : 'NOASSERTION'
}
