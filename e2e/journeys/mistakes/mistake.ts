import { from, REDIS, type Site } from './site.ts'

/** A mistake, and what gpreg must say about it. */
export interface Mistake {
  readonly name: string
  readonly args: (site: Site) => readonly string[]
  readonly env?: (site: Site) => Readonly<Record<string, string>>
  readonly stdin?: string
  /** what the error must name: the cause */
  readonly cause: RegExp
  /** what the hint must name: the next step */
  readonly next: RegExp
  readonly exit: number
  /** the line of sh that runs the command `"$@"` */
  readonly shell?: string
  readonly only?: (site: Site) => boolean
}

export const TO = ['--to', 'registry.example.com/gitpod']
export const images = (...args: string[]) => ['images', ...args, ...TO]
/** Copies one image from a host to a host. */
export const mirror = (source: string, target: string, ...args: string[]) => [
  ...['mirror', '--image', REDIS, ...from(source)],
  ...['--to', `${target}/gitpod`, '--max-wait', '1s', ...args],
]
