import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { readInstallerConfig } from '../gitpod/discovery/installer-file.ts'
import { parseReportDocument } from '../report/documents.ts'
import { readLock } from './lock.ts'
import { parseProvisioned } from './provisioned.ts'
import { parseReceipt } from './receipt.ts'

const LOCK = '{"kind":"Lock","version":1,"created":"2026-01-01T00:00:00.000Z","images":[]}'
const RECEIPT = '{"kind":"Receipt","version":1}'

describe('a document in place of another', () => {
  test.each([
    [readLock, RECEIPT, 'x.json: this is a receipt of gpreg, not a lock', 'bundle save --since'],
    [parseReceipt, LOCK, 'x.json: this is a lock of gpreg, not a receipt', '--lock FILE reads it'],
    [readInstallerConfig, LOCK, 'x.json: this is a lock of gpreg, no installer configuration', '--lock FILE'],
    [
      parseProvisioned,
      '{"kind":"VerifyResult","version":1}',
      'x.json: this is what a command of gpreg printed with --json, not what gpreg provision -o writes',
      'gpreg report reads it',
    ],
    [
      readLock,
      '{"auths":{"a.b":{"auth":"dXNlcjpodW50ZXIy"}}}',
      'x.json: not a lock, and no other document of gpreg',
      'make a new one with gpreg lock',
    ],
    [readLock, '[]', 'x.json: not a lock, and no other document of gpreg', 'make a new one with gpreg lock'],
  ])('is named, with what reads it', (read, text, message, hint) => {
    expect(() => read(text, 'x.json')).toThrow(
      expect.objectContaining({ code: 'input-invalid', message, hint: expect.stringContaining(hint) }),
    )
  })
})

test.each([readLock, parseReceipt, parseReportDocument, parseProvisioned])(
  'nothing of a text that is not JSON is shown, because it may be a password: %o',
  read => {
    for (const text of ['hunter2\n', '{"hunter2', '{"a": hunter2}', '["hunter2",]', '']) {
      let thrown: unknown
      try {
        read(text, 'x.json')
      } catch (error) {
        thrown = error
      }
      expect(thrown).toMatchObject({ code: 'input-invalid', message: expect.stringContaining('not JSON') })
      expect(inspect(thrown, { depth: 5 })).not.toContain('hunter2')
    }
  },
)
