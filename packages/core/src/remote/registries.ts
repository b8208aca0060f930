import type { Context } from '../context.ts'
import type { Side } from '../errors.ts'
import type { Reference } from '../model/reference.ts'
import type { Repository } from '../store/content.ts'

/** How registries are reached. Hosts are `host[:port]` as they stand in references. */
export interface RegistriesOptions {
  /** docker `config.json` or podman `auth.json`; default: searched as docker and podman do */
  readonly authFile?: string
  /** hosts spoken to by plain HTTP; loopback needs no entry */
  readonly plainHttp?: readonly string[]
  /** PEM files with certificate authorities, for one host or for all */
  readonly caFiles?: readonly { readonly host?: string; readonly file: string }[]
  /** PEM client certificates by host */
  readonly clientCertificates?: readonly { readonly host: string; readonly certificate: string; readonly key: string }[]
  /** hosts whose certificate is not checked */
  readonly insecureSkipTlsVerify?: readonly string[]
  /** Read `prefix…` from elsewhere; the longest prefix wins, on a path boundary. Only for sources. */
  readonly sourceMirrors?: readonly { readonly prefix: string; readonly replacement: string }[]
  /** blobs at once between a pair of hosts; default 4 */
  readonly concurrency?: number
  /** no byte for so long ends a request, in milliseconds; default 60 000 */
  readonly stallTimeout?: number
  /** where proxies, credential paths and CA files are looked up; default `process.env` */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** The registries of one run: clients by host and side, with their credentials and connections. */
export interface Registries {
  readonly concurrency: number
  /** The repository that a reference is read from (`source`: through the source mirrors) or written to (`target`). */
  open(side: Side, reference: Reference): Promise<Repository>
  /** Requests sent and retries made so far. */
  traffic(): { readonly requests: Readonly<Record<Side, number>>; readonly retries: number }
  /** Closes all connections. */
  close(): Promise<void>
}

/** @throws `input-unreadable` for unreadable CA, certificate or credential files; `usage` for a malformed source mirror */
export declare function createRegistries(options: RegistriesOptions, context: Context): Promise<Registries>
