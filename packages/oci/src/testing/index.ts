/** Helpers for tests of this workspace. The published package does not have them. */
export { pushSample, sampleImage, sampleIndex } from './sample-image.ts'
export type { Sample } from './sample-image.ts'
