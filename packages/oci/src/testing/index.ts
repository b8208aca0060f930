/** Helpers for the tests of this repository. The published package does not have them. */
export { makeCertificates } from './certificates.ts'
export { answer, oddRegistry } from './odd-registry.ts'
export {
  compressing,
  hangingUp,
  isFor,
  redirecting,
  refusing,
  rewriting,
  withoutHeaders,
  withoutReferrersApi,
} from './oddities.ts'
export { lacks } from './programs.ts'
export { describe, pushSample, sampleImage, sampleIndex } from './sample-image.ts'
export { scriptedProxy } from './scripted-proxy.ts'
export { scriptedServer } from './scripted-server.ts'
export type { Certificates } from './certificates.ts'
export type { Oddity, OddRegistry } from './odd-registry.ts'
export type { Head } from './oddities.ts'
export type { Sample } from './sample-image.ts'
