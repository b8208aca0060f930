import { describe, expect, it } from 'vitest'
import { formatError, reasonIn, registryErrors } from './server-words.ts'

const speaker = (text: string, status = 403, header: Record<string, string> = {}) => ({
  status,
  text,
  header: (name: string) => header[name],
  scrub: (said: string) => said.replaceAll('se"cret', '[secret]').replaceAll('s&cret', '[secret]'),
})

describe('the errors of a registry', () => {
  it.each<[string, string]>([
    [
      '{"errors":[{"code":"DENIED","message":"requested access is denied"}]}',
      'DENIED (requested access is denied)',
    ],
    ['{"errors":[{"code":"DENIED"}]}', 'DENIED'],
    ['{"errors":[{"status":403,"message":"docker-local rejected it"}]}', 'docker-local rejected it'],
    [
      '{"errors":[{"code":"UNKNOWN","message":"unknown error","detail":{"Code":"NoSuchBucket"}}]}',
      'UNKNOWN (unknown error: {"Code":"NoSuchBucket"})',
    ],
    [
      '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[{"Action":"pull"}]}]}',
      'UNAUTHORIZED (authentication required)',
    ],
    [
      '{"errors":[{"code":"X","message":"not\nin one line","detail":"of \u001b[31mtext"}]}'
        .replace('\n', '\\n')
        .replace('\u001b', '\\u001b'),
      'X (not in one line: of [31mtext)',
    ],
    ['{"errors":[{"code":"X","message":"se\\"cret"}]}', 'X ([secret])'],
    ['{"errors":[null]}', ''],
    ['{"errors":{"code":"DENIED","message":"no such project"}}', 'DENIED (no such project)'],
    ['{"errors":"no such project"}', 'no such project'],
    ['{"errors":["no such project"]}', 'no such project'],
    [
      '{"errors":[{"code":"DENIED","message":null,"detail":{"reason":"quota"}}]}',
      'DENIED ({"reason":"quota"})',
    ],
  ])('%s', (text, said) => {
    expect(registryErrors(speaker(text)).map(formatError)).toEqual([said])
  })

  it('are in the challenge of a 401 without others', () => {
    const challenge = 'Bearer realm="x",error="invalid_token",error_description="it has expired"'
    const [error] = registryErrors(speaker('', 401, { 'www-authenticate': challenge }))
    expect(error).toEqual({ code: 'invalid_token', message: 'it has expired' })
    expect(registryErrors(speaker('', 403, { 'www-authenticate': challenge }))).toEqual([])
  })
})

describe('the reason in another body', () => {
  it.each<[string, string]>([
    ['', ''],
    ['namespace is archived\n', 'namespace is archived'],
    ['one\n\n  two\u001b[0m', 'one two [0m'],
    ['\u001f\uFFFD\u0008', ''],
    ['Forbidden', ''],
    ['403 Forbidden', ''],
    ['403 Forbidden by policy', '403 Forbidden by policy'],
    ['{"error":"invalid_grant","error_description":"it was revoked"}', 'invalid_grant (it was revoked)'],
    ['{"details":"incorrect username or password"}', 'incorrect username or password'],
    ['{"message":"403 Forbidden - IP not allowed"}', '403 Forbidden - IP not allowed'],
    ['{"code":7,"message":"no"}', '7 (no)'],
    ['{"errors":[],"message":{}}', ''],
    ['{"errors":null,"message":"no"}', 'no'],
    ['{"error":{"code":"AuthorizationFailed","message":"no role"}}', 'AuthorizationFailed (no role)'],
    ['{"error":{"error":{"error":"deep"}}}', 'deep'],
    ['{"Message":"User is not authorized"}', 'User is not authorized'],
    ['{"title":"Forbidden","detail":"project is archived"}', 'project is archived'],
    ['{"title":"Blocked by policy","status":403}', 'Blocked by policy'],
    ['{"error":"s&cret"}', '[secret]'],
    ['<html><head><title lang="en">Blocked by policy</title></head><body>…', 'Blocked by policy'],
    ['<html>\n<head><title>403 Forbidden</title></head>', ''],
    [
      '<!doctype html><h1>No &lt;entry&gt; for s&amp;cret, se&#34;cret</h1>',
      'No <entry> for [secret], [secret]',
    ],
    [
      '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
      'AccessDenied (Request has expired)',
    ],
    ['<html>', ''],
  ])('%j is %j', (text, reason) => {
    expect(reasonIn(speaker(text))).toBe(reason)
  })

  it('is cut short', () => {
    expect(reasonIn(speaker('a'.repeat(10_000)))).toHaveLength(300)
  })
})
