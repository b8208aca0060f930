/** Helpers for the tests of this repository. The published package does not have them. */
export { pushSample, sampleImage, sampleIndex } from './sample-image.ts'
export type { Sample } from './sample-image.ts'
