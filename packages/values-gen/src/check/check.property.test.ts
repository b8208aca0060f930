import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify, type ToStringOptions } from 'yaml'
import { checkConfig, type CheckOptions } from './check.ts'

/** Each run checks several configurations. What no run of one day finds, the runs of the next days do: seeds are random. */
const RUNS = { numRuns: 40 }

const options: CheckOptions = { path: 'gitpod.config.yaml' }
const secret = fc.record({ kind: fc.constant('secret'), name: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/) })
const optional = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [] })

/** Configurations that the installer accepts; some of them get warnings. */
const valid = fc.record(
  {
    domain: fc.constantFrom('gitpod.example.com', 'Gitpod.internal.'),
    kind: fc.constantFrom('Full', 'Meta', 'IDE'),
    metadata: optional({
      region: fc.constantFrom('local', 'eu-west-1'),
      shortname: fc.constantFrom('', 'no', '1.10'),
    }),
    repository: fc.constantFrom(
      'registry.internal:5000/gitpod',
      'docker.io/gitpod',
      'eu.gcr.io/gitpod-core-dev/build',
    ),
    imagePullSecrets: fc.array(secret, { maxLength: 2 }),
    dropImageRepo: fc.boolean(),
    containerRegistry: fc.oneof(
      optional({
        inCluster: fc.constant(true),
        privateBaseImageAllowList: fc.array(
          fc.constantFrom('docker.io', 'registry.internal:5000', 'a/b', '8080'),
        ),
      }),
      fc.record({
        inCluster: fc.constant(false),
        external: fc.record({
          url: fc.constantFrom('registry.internal', 'https://x.azurecr.io'),
          certificate: secret,
        }),
      }),
    ),
    objectStorage: fc.record({
      inCluster: fc.constant(false),
      s3: fc.record({ endpoint: fc.constantFrom('s3.amazonaws.com', 'minio:9000'), credentials: secret }),
    }),
    workspace: optional({
      maxLifetime: fc.constantFrom('36h', '1h30m', 5_400_000_000_000),
      pvc: optional({ size: fc.constantFrom('30Gi', 30) }),
      workspaceImage: fc.constantFrom('registry.internal:5000/gitpod/a:1', 'gitpod/workspace-base'),
    }),
    customCACert: secret,
    blockNewUsers: fc.record({ enabled: fc.boolean(), passlist: fc.array(fc.domain(), { minLength: 1 }) }),
  },
  { requiredKeys: ['domain'] },
)

const style: fc.Arbitrary<ToStringOptions> = fc.record({
  indent: fc.constantFrom(1, 2, 4, 8),
  indentSeq: fc.boolean(),
  collectionStyle: fc.constantFrom('any', 'flow'),
  defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE'),
  defaultKeyType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE'),
  // Other widths make `yaml` put "undefined" into quoted text that it folds.
  lineWidth: fc.constant(0),
  flowCollectionPadding: fc.boolean(),
})

const write = (config: object, how: ToStringOptions) =>
  stringify(config, { ...how, version: '1.1', aliasDuplicateObjects: false })

/** The codes and paths of the findings, without lines, because lines depend on the YAML style. */
const found = (text: string) =>
  checkConfig(text, options)
    .findings.map(({ code, path }) => `${code} ${path}`)
    .sort()

describe('a valid configuration', () => {
  it('has the same findings in every YAML style and as JSON', () => {
    fc.assert(
      fc.property(
        valid,
        style,
        fc.constantFrom('', '---\n', '# why\n\n', '\uFEFF'),
        (config, how, before) => {
          const plain = write(config, {})
          expect(checkConfig(plain, options).totals.errors).toBe(0)
          expect(found(before + write(config, how))).toEqual(found(plain))
          expect(found(JSON.stringify(config))).toEqual(found(plain))
        },
      ),
      RUNS,
    )
  })

  it('has the same findings in any order of its fields', () => {
    const shuffled = valid.chain(config =>
      fc.tuple(
        fc.constant(config),
        fc.shuffledSubarray(Object.entries(config), { minLength: Object.keys(config).length }),
      ),
    )
    fc.assert(
      fc.property(shuffled, ([config, entries]) => {
        expect(found(write(Object.fromEntries(entries), {}))).toEqual(found(write(config, {})))
      }),
      RUNS,
    )
  })
})

describe('every finding has a position inside the text', () => {
  const inside = (text: string) => {
    const lines = text.split('\n')
    for (const { line, column, message, hint } of checkConfig(text, options).findings) {
      expect(line).toBeGreaterThanOrEqual(1)
      expect(line).toBeLessThanOrEqual(lines.length)
      expect(column).toBeGreaterThanOrEqual(1)
      expect(message).toBeTruthy()
      expect(hint).toBeTruthy()
    }
  }

  it('if the text is YAML', () => {
    const anything = fc.anything({ withBigInt: false, maxDepth: 4 })
    const keys = fc.constantFrom(
      'containerRegistry',
      'objectStorage',
      'imagePullSecrets',
      'repository',
      'customization',
    )
    const document = fc.oneof(anything, fc.dictionary(keys, anything))
    fc.assert(fc.property(document, value => inside(stringify(value ?? null, { version: '1.1' }))))
  })

  it('if the text is not YAML', () => {
    const letters = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '&a',
      '*a',
      '#',
      '\t',
      '---',
      '|',
      '<<',
      '%',
      '!',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(letters).map(parts => parts.join('')),
        ),
        inside,
      ),
    )
  })

  it('if the text is a valid configuration with one random edit', () => {
    const broken = fc
      .tuple(valid, fc.nat(), fc.nat(3), fc.string({ maxLength: 3 }))
      .map(([config, at, cut, put]) => {
        const text = write(config, {})
        const start = at % text.length
        return text.slice(0, start) + put + text.slice(start + cut)
      })
    fc.assert(fc.property(broken, inside))
  })
})
