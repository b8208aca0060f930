import { MOVED_FIELDS } from '@gpreg/core'
import type { Rules } from '../rule.ts'

/** Deprecated fields that the installer still accepts, with their new path if they have one. */
const DEPRECATED: readonly { readonly old: string; readonly now?: string; readonly since: string }[] = [
  ...MOVED_FIELDS.map(({ from, to, since }) => ({ old: from, now: to, since })),
  { old: 'experimental.common.usePodSecurityPolicies', since: '2022.07' },
  { old: 'objectStorage.maximumBackupCount', since: '2022.07' },
]

/** Rules about `experimental` and about deprecated fields. */
export const EXPERIMENTAL_RULES = {
  'experimental-ignored': {
    level: 'warning',
    about: '`gitpod-installer render` leaves `experimental` out unless it is told otherwise.',
    *check(config) {
      if (!config.has('experimental')) return
      yield {
        path: 'experimental',
        message: 'the installer leaves this out',
        hint: 'render with --use-experimental-config, as KOTS does',
      }
    },
  },
  'sampler-param': {
    level: 'error',
    about: 'The installer wants a parameter where the type of a sampler is set.',
    *check(config) {
      for (const path of ['experimental.webapp.tracing', 'experimental.workspace.tracing']) {
        if (!config.has(`${path}.samplerType`) || config.has(`${path}.samplerParam`)) continue
        yield {
          path: `${path}.samplerType`,
          message: `${path}.samplerParam is required where this is set`,
          hint: `set ${path}.samplerParam to a number, such as 1`,
        }
      }
    },
  },
  deprecated: {
    level: 'warning',
    about: 'The field has another place now, or none.',
    *check(config, { name }) {
      for (const { old, now, since } of DEPRECATED) {
        if (name < since || !config.has(old) || (now !== undefined && config.has(now))) continue
        yield {
          path: old,
          onKey: true,
          message: `deprecated since ${since}`,
          hint: now === undefined ? 'leave it out' : `move it to ${now}`,
        }
      }
    },
  },
  'deprecated-both': {
    level: 'error',
    about: 'A field is set in its old place and in its new one, which the installer refuses.',
    *check(config, { name }) {
      for (const { old, now, since } of DEPRECATED) {
        if (name < since || now === undefined || !(config.text(old) ?? config.isList(old))) continue
        if (config.text(now) === undefined && config.list(now).length === 0) continue
        yield {
          path: old,
          onKey: true,
          message: `${now} is set too, and the installer refuses both`,
          hint: 'leave this one out',
        }
      }
    },
  },
} satisfies Rules
