import type { TestProject } from 'vitest/node'
import { prepare } from '../install.ts'
import { CLOUD_TOOLS, needs, type Tool } from '../tools.ts'
import { installMoto } from './aws/moto.ts'
import { startRadosGateway, type RadosGateway } from './aws/radosgw.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** One gateway for all tests, because it is slow to start. Undefined if it is not installed. */
    gateway: RadosGateway | undefined
    /** The Python that has moto. Undefined if it cannot be installed. */
    moto: string | undefined
  }
}

/** Global set-up of vitest for the tests of clouds. */
export default async function setup(project: TestProject) {
  prepare(Object.keys(CLOUD_TOOLS) as Tool[], new URL('../../cloud/', import.meta.url))
  // Both take their time, the one for a download and the other for its daemons.
  const [moto, gateway] = await Promise.all([
    installMoto(),
    needs('radosgw', 'ceph', 'ceph-mon', 'ceph-osd') ? undefined : startRadosGateway(),
  ])
  project.provide('moto', moto)
  if (gateway === undefined) return
  project.provide('gateway', { endpoint: gateway.endpoint, conf: gateway.conf })
  return () => gateway[Symbol.asyncDispose]()
}
