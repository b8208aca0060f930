export { changeConfig, writeConfig } from './config/document.ts'
export { diffConfig } from './config/diff.ts'
export { configFields } from './config/fields.ts'
export { fieldsForRelease } from './config/release.ts'
export { completeChoice } from './installation/complete.ts'
export { generateValues } from './generate.ts'
export { envVariables, formatEnv } from './env/envvars.ts'
export { planInstallation } from './installation/installation.ts'
export { KOTS_SECRETS, kotsConfigValues } from './kots/config-values.ts'
export { parseProvisioned, parseProvisionedSecrets } from './provisioned/provisioned.ts'
export { nodeConfig } from './node-config/node-config.ts'
export { knownSourceHosts } from './node-config/source-hosts.ts'
export {
  parseAccessKey,
  parseLogin,
  parseServiceAccountKey,
  parseStorageAccount,
  serviceAccountLogin,
} from './secrets/credentials.ts'
export { patchBuiltinRegistryAuth } from './patch/builtin-registry-auth.ts'
export { secretManifests } from './secrets/manifests.ts'
export { parseTerraformOutputs } from './terraform/outputs.ts'

export type { EnvVariable } from './env/envvars.ts'
export type { Field } from './config/fields.ts'
export type { GeneratedValues, ValuesFormat, ValuesRequest } from './generate.ts'
export type { Choice, CommonChoice, KindChoice, SecretRole } from './installation/choice.ts'
export type { PartialChoice } from './installation/complete.ts'
export type { Installation } from './installation/installation.ts'
export type { NodeConfig, NodeConfigRequest } from './node-config/node-config.ts'
export type { Provisioned } from './provisioned/provisioned.ts'
export type { NodeFile } from './node-config/node-file.ts'
export type { SecretValues, ServiceAccountKey, StorageAccount } from './secrets/values.ts'
export type { SecretManifest, SecretSet } from './secrets/manifests.ts'
export type { MissingSecret } from './secrets/wanted-secrets.ts'
export type { TerraformOutputs } from './terraform/outputs.ts'
