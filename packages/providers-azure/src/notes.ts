import type { Registry } from '@azure/arm-containerregistry'

/** Facts and commands for the registry's administrator. */
export function notesFor(found: Registry | undefined, resourceGroup: string, name: string): string[] {
  const server = found?.loginServer?.toLowerCase() ?? 'the login server'
  return [
    `the admin login may push, pull and delete everything in the registry, and Microsoft means it for tests; run the same command with --rotate to change its password: the one before works until the next --rotate`,
    `keep retention of untagged manifests off: it deletes what is pulled by digest (az acr config retention show --registry ${name} --resource-group ${resourceGroup})`,
    found?.dataEndpointEnabled === true
      ? `nodes pull blobs from ${(found.dataEndpointHostNames ?? []).join(', ')}: they must reach it, not only ${server}`
      : `nodes pull blobs from *.blob.core.windows.net: they must reach it, not only ${server}; az acr update --name ${name} --data-endpoint-enabled true (Premium) gives the blobs a host of their own`,
    ...(found?.policies?.retentionPolicy?.status === 'enabled'
      ? [
          `retention of untagged manifests is on: az acr config retention update --registry ${name} --status disabled --days 0 --type UntaggedManifests`,
        ]
      : []),
  ]
}
