import type { ImageState, Report, ReportedImage, ReportedRun } from '@gpreg/core'
import { count, formatBytes, formatSeconds } from '../text/units.ts'

/** The states of images in words. A mark stands before the word, so that nobody needs the colour. */
export const STATES: Readonly<Record<ImageState, { readonly mark: string; readonly word: string }>> = {
  'verified-deep': { mark: '✓', word: 'verified, all bytes read' },
  verified: { mark: '✓', word: 'verified' },
  copied: { mark: '✓', word: 'copied' },
  'up-to-date': { mark: '=', word: 'already there' },
  held: { mark: '✓', word: 'there by receipt' },
  saved: { mark: '✓', word: 'saved in the bundle' },
  listed: { mark: '·', word: 'listed' },
  failed: { mark: '✗', word: 'failed' },
  missing: { mark: '✗', word: 'missing' },
  different: { mark: '✗', word: 'different' },
  incomplete: { mark: '✗', word: 'incomplete' },
  unreadable: { mark: '✗', word: 'unreadable' },
}

/** States of good images, the least proven first: a set is proven as far as the least proven of its images. */
const PROOF: readonly (readonly [ImageState, string])[] = [
  ['listed', 'are listed; no document says that all of them were copied'],
  ['saved', 'are in the bundle'],
  ['held', 'are there, as a receipt says'],
  ['up-to-date', 'are there; nothing has verified them since they were copied'],
  ['copied', 'are there; nothing has verified them since they were copied'],
  ['verified', 'are there and verified'],
  ['verified-deep', 'are there, and every byte was read back and hashed'],
]

/** The result in one sentence. */
export function verdictOf({ images, totals, runs }: Report): string {
  if (totals.bad > 0)
    return `${totals.bad} of ${count(totals.images, 'image')} ${totals.bad === 1 ? 'is' : 'are'} not all right`
  const failed = runs.find(({ error }) => error !== undefined)
  if (failed !== undefined) return `A command failed: ${failed.error?.message}`
  const least = PROOF.find(([state]) => images.some(image => image.state === state))
  if (least === undefined) return 'The documents name no image'
  return totals.images === 1
    ? `The image ${least[1].replaceAll('are ', 'is ')}`
    : `All ${totals.images} images ${least[1]}`
}

export function isAllGood({ totals, runs }: Report): boolean {
  return totals.bad === 0 && runs.every(({ error }) => error === undefined)
}

const ACTIONS: Readonly<Record<ReportedRun['action'], string>> = {
  lock: 'Pinned to digests',
  copy: 'Copied',
  save: 'Saved in a bundle',
  verify: 'Verified',
  'verify-deep': 'Verified byte by byte',
  receipt: 'Noted in a receipt',
  bundle: 'In the bundle',
  failed: 'Failed',
}

/** What a run did: `Copied`, and `62 images, 1.2 GiB sent, 3 min 2 s`. */
export function describeRun(run: ReportedRun): { readonly action: string; readonly detail: string } {
  const { action, images, bad, bytes, seconds, error } = run
  const verb = { copy: ' sent', 'verify-deep': ' read back', save: ' written' }[String(action)] ?? ''
  const parts = [
    count(images, 'image'),
    ...(bad === 0 ? [] : [`${bad} not all right`]),
    ...(bytes === undefined ? [] : [`${formatBytes(bytes)}${verb}`]),
    ...(seconds === undefined ? [] : [formatSeconds(seconds)]),
  ]
  return { action: ACTIONS[action], detail: error?.message ?? parts.join(', ') }
}

/** `2026-11-28 14:05 UTC`: in one zone, so that a report reads the same wherever it is made. */
export function formatMoment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}

export function formatDay(iso: string): string {
  return iso.slice(0, 10)
}

/** What the change did to the name at the target; empty if no document knows. */
export function describeChange({ before, after }: ReportedImage): string {
  if (before === undefined || after === undefined) return ''
  if (before === after) return before === null ? 'absent before and after' : 'unchanged'
  if (before === null) return 'new'
  return after === null ? `removed, was ${shortDigest(before)}` : `replaced ${shortDigest(before)}`
}

export function shortDigest(digest: string): string {
  return digest.slice(0, digest.indexOf(':') + 13)
}

const REFERRERS: readonly (readonly [RegExp, string])[] = [
  [/^sig$|cosign|signature|sigstore/, 'signature'],
  [/^att$|in-toto|attestation/, 'attestation'],
  [/^sbom$|spdx|cyclonedx/, 'SBOM'],
]

/** `2 signatures, 1 SBOM`, `none found`, or empty if no document looked. */
export function describeReferrers({ referrers }: ReportedImage): string {
  if (referrers === undefined) return ''
  if (referrers.length === 0) return 'none found'
  const kinds = Map.groupBy(
    referrers,
    ({ type }) => REFERRERS.find(([pattern]) => pattern.test(type))?.[1] ?? type,
  )
  return [...kinds]
    .map(([kind, found]) => (found.length === 1 ? kind : `${found.length} ${kind}s`))
    .join(', ')
}

/** Whose signature was checked: `checked: by key sha256:0123456789ab` or `checked: by IDENTITY (ISSUER)`; empty if none was. */
export function describeSigned({ signer }: ReportedImage): string {
  if (signer === undefined) return ''
  const who = signer.by === 'key' ? `key ${shortDigest(signer.key)}` : `${signer.identity} (${signer.issuer})`
  return `checked: by ${who}`
}

/** The images that are not all right, by what is wrong: a cause that hits many is told once. */
export function problemsOf({ images }: Report) {
  const bad = images
    .filter(image => !image.isGood)
    .map(image => {
      const [first] = image.problems
      const cause = first?.message ?? STATES[image.state].word
      return { image, cause, hint: first?.hint }
    })
  return [...Map.groupBy(bad, ({ cause }) => cause)].map(([cause, all]) => ({
    cause,
    hint: all[0]?.hint,
    images: all.map(({ image }) => image),
  }))
}

/** The name of an image for a heading: where it is, else where it came from. */
export function nameOf({ target, source }: ReportedImage): string {
  return target ?? source ?? ''
}

/** The figures of the summary, with a label each. Figures that no document tells are left out. */
export function figuresOf({
  totals,
  images,
}: Report): readonly { label: string; value: string; note?: string }[] {
  const { bytes, seconds } = totals
  const signed = images.filter(({ referrers = [] }) => referrers.length > 0).length
  const looked = images.filter(({ referrers }) => referrers !== undefined).length
  const proven = images.filter(({ signer }) => signer !== undefined).length
  const saved = bytes.images - bytes.unique
  const untold = images.some(({ blobs, size }) => blobs.length === 0 && size !== undefined)
  return [
    {
      label: 'Images',
      value: String(totals.images),
      note: totals.bad === 0 ? 'all good' : `${totals.bad} not all right`,
    },
    ...(bytes.unique === 0
      ? []
      : [
          {
            label: 'Content',
            value: formatBytes(bytes.unique),
            note: untold
              ? 'at most: no document tells which layers all images share'
              : saved > 0
                ? `${formatBytes(saved)} less by sharing layers`
                : 'nothing is shared',
          },
        ]),
    ...(seconds === undefined
      ? []
      : [
          { label: 'Sent', value: formatBytes(bytes.sent), note: `in ${formatSeconds(seconds)}` },
          {
            label: 'Not sent',
            value: formatBytes(bytes.mounted + bytes.present),
            note: `${formatBytes(bytes.present)} there, ${formatBytes(bytes.mounted)} mounted`,
          },
        ]),
    ...(looked === 0
      ? []
      : [{ label: 'With signatures', value: `${signed} of ${looked}`, note: 'or attestations, SBOMs' }]),
    ...(proven === 0
      ? []
      : [
          {
            label: 'Signer checked',
            value: `${proven} of ${totals.images}`,
            note: 'by a key or an identity',
          },
        ]),
  ]
}
