export { changeConfig, writeConfig } from './config/document.ts'
export { diffConfig } from './config/diff.ts'
export { configFields } from './config/fields.ts'
export { planInstallation } from './installation/installation.ts'

export type { Field } from './config/fields.ts'
export type { Choice, CommonChoice, KindChoice, SecretRole } from './installation/choice.ts'
export type { Installation } from './installation/installation.ts'
export type { SecretValues, ServiceAccountKey, StorageAccount } from './secrets/values.ts'
