import { KEY_DELETED, KNOWN_SINCE } from '../../config/schema.ts'
import type { Rules } from '../rule.ts'

/** Rules about reading the file: syntax, fields, types. */
export const FILE_RULES = {
  'yaml-syntax': { level: 'error', about: 'The file is not YAML.' },
  'duplicate-key': { level: 'error', about: 'A field is there twice; the installer parses strictly.' },
  'unknown-key': { level: 'error', about: 'The installer knows no such field; it parses strictly.' },
  'wrong-type': { level: 'error', about: 'A field holds another type than it should.' },
  required: { level: 'error', about: 'A field that has no default is missing or empty.' },
  'value-unknown': { level: 'error', about: 'A field holds none of the values that it may.' },
  'value-format': {
    level: 'error',
    about: 'A quantity, duration, path, domain or URL cannot be read as one.',
  },
  'more-documents': {
    level: 'warning',
    about:
      'From 2022.08 on the installer joins the YAML documents of a file; before, it reads the first and drops the rest.',
  },
  'key-case': { level: 'warning', about: 'The installer takes keys in any case, other tools do not.' },
  'text-unquoted': {
    level: 'warning',
    about:
      'A text that YAML reads as a number or as true or false becomes text again, but not always the same.',
  },
  'null-value': { level: 'warning', about: 'A field with nothing after it sets nothing: its default stays.' },
  'unknown-in-release': {
    level: 'error',
    about: 'The field or value came with a later release than the one that is to be installed.',
    *check(config, { name }) {
      const refuse = (path: string, what: string, since: string) => ({
        path,
        message: `${what} is known from ${since} on; ${name} refuses it`,
        hint: `leave it out, or check for another release with --release`,
      })
      for (const [path, since] of Object.entries(KNOWN_SINCE)) {
        if (name < since && config.has(path)) yield { ...refuse(path, path, since), onKey: true }
      }
      const kind = config.text('kind')
      if (name < '2022.11' && (kind === 'IDE' || kind === 'WebApp')) yield refuse('kind', kind, '2022.11')
    },
  },
  // https://github.com/gitpod-io/gitpod/blob/2022.11.3/install/installer/pkg/config/loader.go
  'api-version': {
    level: 'error',
    about:
      'Before 2022.08 the installer removes the text `apiVersion: v1` before it parses; written otherwise the field is unknown to it.',
    *check(config, { name }) {
      if (name >= KEY_DELETED || !config.has('apiVersion')) return
      yield {
        path: 'apiVersion',
        message: 'the installer finds this field by its text, and refuses it in any other form',
        hint: 'write exactly `apiVersion: v1`: one blank, no quotes',
      }
    },
  },
  'customization-api-version': {
    level: 'warning',
    about:
      'Before 2022.08 the installer removes the text `apiVersion: v1` wherever it stands, in customizations too, which then match nothing.',
    *check(config, { name }) {
      if (name >= KEY_DELETED) return
      for (const index of config.list('customization').keys()) {
        const path = ['customization', index, 'apiVersion']
        if (!config.written(path)?.startsWith('apiVersion: v1')) continue
        yield {
          path,
          message:
            'the installer removes this text before it parses, so that the customization applies to nothing',
          hint: 'put the value in quotes: apiVersion: "v1"',
        }
      }
    },
  },
} satisfies Rules
