/** Helpers for the tests of this repository. The published package does not have them. */
export { makeCertificates } from './certificates.ts'
export { pushSample, sampleImage, sampleIndex } from './sample-image.ts'
export type { Certificates } from './certificates.ts'
export type { Sample } from './sample-image.ts'
