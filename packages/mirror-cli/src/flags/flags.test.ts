import { Parser, type Interfaces } from '@oclif/core'
import { describe, expect, test } from 'vitest'
import { copyFlags, copyOptions } from './copy.ts'
import { environmentArguments, nameVariable } from './environment.ts'
import { imageSetFlags, imageSetRequest } from './image-set.ts'
import { registriesOptions, registryFlags } from './registries.ts'
import { parseListen } from './server.ts'
import { targetFlags } from './target.ts'

describe('image set', () => {
  const flags = { ...imageSetFlags, ...targetFlags }

  test('holds the given flags and no others', async () => {
    const given = await parse(
      flags,
      '--release=release-2022.11.3',
      '--image',
      'redis',
      '--image',
      'alpine',
      '--to',
      'registry.internal:5000/gitpod',
    )
    expect(imageSetRequest(given)).toEqual({
      release: 'release-2022.11.3',
      image: ['redis', 'alpine'],
      to: { host: 'registry.internal:5000', path: 'gitpod' },
    })
  })

  test('takes one value for each flag, and does not take the next argument as a second value', async () => {
    await expect(parse(flags, '--image', 'redis', 'alpine')).rejects.toThrow('Unexpected argument: alpine')
  })

  test('refuses a target with a scheme', async () => {
    const given = await parse(flags, '--to', 'https://registry.internal/gitpod')
    expect(() => imageSetRequest(given)).toThrow(expect.objectContaining({ code: 'usage' }))
  })

  test('refuses an unknown naming', async () => {
    await expect(parse(flags, '--naming', 'deep')).rejects.toThrow('Expected --naming=deep to be one of')
  })
})

describe('registries', () => {
  test('get the options that the flags give', async () => {
    const given = await parse(
      registryFlags,
      ...[
        '--ca-file',
        'ca.pem',
        '--ca-file',
        'registry.internal:5000=/etc/a=b.pem',
        '--ca-file',
        './a=b.pem',
      ],
      ...['--client-cert', 'registry.internal=client.crt,client.key'],
      ...[
        '--source-mirror',
        'docker.io=proxy.corp/hub',
        '--plain-http',
        'registry.internal:5000',
        '--concurrency',
        '8',
        '--upload-journal',
        '/var/lib/gpreg',
        '--wait-for-quota',
      ],
    )
    expect(registriesOptions(given)).toEqual({
      caFiles: [
        { file: 'ca.pem' },
        { host: 'registry.internal:5000', file: '/etc/a=b.pem' },
        { file: './a=b.pem' },
      ],
      clientCertificates: [{ host: 'registry.internal', certificate: 'client.crt', key: 'client.key' }],
      sourceMirrors: [{ prefix: 'docker.io', replacement: 'proxy.corp/hub' }],
      plainHttp: ['registry.internal:5000'],
      concurrency: 8,
      journal: '/var/lib/gpreg',
      waitForQuota: true,
    })
    const sides = await parse(registryFlags, '--authfile=a', '--source-authfile=s', '--target-authfile=t')
    expect(registriesOptions(sides)).toMatchObject({
      authFile: 'a',
      sourceAuthFile: 's',
      targetAuthFile: 't',
    })
    const none = await parse(registryFlags, '--upload-journal', 'none')
    expect(registriesOptions(none).journal).toBeUndefined()
  })

  test('take a host as a pasted URL, and refuse what is none', async () => {
    const given = await parse(registryFlags, '--plain-http', 'http://Registry.internal:5000/')
    expect(registriesOptions(given).plainHttp).toEqual(['registry.internal:5000'])
    for (const flag of ['--plain-http', '--insecure-skip-tls-verify']) {
      const wrong = await parse(registryFlags, flag, 'registry.internal/gitpod')
      expect(() => registriesOptions(wrong)).toThrow(/is not host\[:port\]/)
    }
  })

  test.each(['registry.internal', 'registry.internal=client.crt', '=a,b'])(
    'refuse the client certificate %s',
    async text => {
      const given = await parse(registryFlags, `--client-cert=${text}`)
      expect(() => registriesOptions(given)).toThrow(expect.objectContaining({ code: 'usage' }))
    },
  )
})

describe('content', () => {
  test('is copied whole by default', async () => {
    expect(copyOptions(await parse(copyFlags))).toEqual({})
  })

  test('is not limited to a rate whose unit was forgotten', async () => {
    expect(copyOptions(await parse(copyFlags, '--limit-rate', '20k')).limitRate).toBe(20 * 1024)
    const given = await parse(copyFlags, '--limit-rate', '20')
    expect(() => copyOptions(given)).toThrow(
      expect.objectContaining({ code: 'usage', message: '"20" is 20 bytes a second' }),
    )
  })

  test('can be limited to platforms and to images without referrers', async () => {
    const given = await parse(copyFlags, '--platform', 'linux/amd64', '--no-referrers')
    expect(copyOptions(given)).toEqual({
      platforms: [{ os: 'linux', architecture: 'amd64' }],
      referrers: false,
    })
  })
})

describe('environment', () => {
  test('is named in a message about a value that came from there', () => {
    const message = 'Parsing --max-wait: wrong'
    const env = { GPREG_MAX_WAIT: 'x' }
    expect(nameVariable(message, ['mirror'], env)).toBe('Parsing the variable GPREG_MAX_WAIT: wrong')
    expect(nameVariable(message, ['mirror', '--max-wait=x'], env)).toBe(message)
    expect(nameVariable(message, ['mirror'], {})).toBe(message)
  })

  const flags = { ...imageSetFlags, ...registryFlags }

  test('names every flag', () => {
    expect(flags['source-mirror'].env).toBe('GPREG_SOURCE_MIRROR')
    expect(flags.release.env).toBe('GPREG_RELEASE')
  })

  test('separates several values by commas or newlines', () => {
    expect(environmentArguments(flags, [], { GPREG_IMAGE: 'redis, alpine\nubuntu' })).toEqual([
      '--image=redis',
      '--image=alpine',
      '--image=ubuntu',
    ])
  })

  test('does not split at commas if the values of the flag contain commas', () => {
    const env = { GPREG_CLIENT_CERT: 'a=b,c\nd=e,f\n' }
    expect(environmentArguments(flags, [], env)).toEqual(['--client-cert=a=b,c', '--client-cert=d=e,f'])
  })

  test.each([['--image', 'redis'], ['--image=redis']])('yields to the command line: %s', (...argv) => {
    expect(environmentArguments(flags, argv, { GPREG_IMAGE: 'alpine' })).toEqual([])
  })
})

describe('listen', () => {
  test.each([
    ['127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
    ['[::1]:5000', { host: '::1', port: 5000 }],
    ['registry.internal:443', { host: 'registry.internal', port: 443 }],
    [':5000', { host: '::', port: 5000 }],
  ])('%s', (text, address) => {
    expect(parseListen(text)).toEqual(address)
  })

  test.each(['5000', 'localhost', 'localhost:70000', 'http://localhost:5000'])('refuses %s', text => {
    expect(() => parseListen(text)).toThrow(expect.objectContaining({ code: 'usage' }))
  })
})

async function parse<T extends Interfaces.FlagInput>(flags: T, ...argv: string[]) {
  const { flags: given } = await Parser.parse(argv, { flags, args: {} })
  return given as Interfaces.InferredFlags<T>
}
