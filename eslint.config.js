import nx from '@nx/eslint-plugin'
import tseslint from 'typescript-eslint'

const CLOUD_SDKS = ['@aws-sdk/*', '@google-cloud/*', '@azure/*', 'google-auth-library']

/** The arrows between packages, as docs/architecture.md draws them. The arrows inside a package are a test, tools/arrows/arrows.test.ts. */
const LAYERS = [
  {
    sourceTag: 'layer:oci',
    onlyDependOnLibsWithTags: ['layer:oci'],
    bannedExternalImports: ['@oclif/*', 'yaml', ...CLOUD_SDKS],
  },
  {
    sourceTag: 'layer:core',
    onlyDependOnLibsWithTags: ['layer:core', 'layer:oci'],
    bannedExternalImports: ['@oclif/*', ...CLOUD_SDKS],
  },
  {
    sourceTag: 'layer:feature',
    onlyDependOnLibsWithTags: ['layer:core', 'layer:oci'],
    bannedExternalImports: ['@oclif/*', ...CLOUD_SDKS],
  },
  {
    sourceTag: 'layer:provider',
    onlyDependOnLibsWithTags: ['layer:core', 'layer:oci'],
    bannedExternalImports: ['@oclif/*'],
  },
  {
    sourceTag: 'layer:cli',
    onlyDependOnLibsWithTags: ['layer:oci', 'layer:core', 'layer:feature', 'layer:provider'],
    bannedExternalImports: CLOUD_SDKS,
  },
  { sourceTag: 'layer:e2e', onlyDependOnLibsWithTags: ['layer:oci', 'layer:core', 'layer:provider'] },
  { sourceTag: 'layer:tools', onlyDependOnLibsWithTags: ['layer:feature'] },
]

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          banTransitiveDependencies: true,
          allow: [],
          depConstraints: LAYERS,
          // A command loads a large package when it runs, but imports the types of that package at the top.
          checkDynamicDependenciesExceptions: ['.*'],
        },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: ['error', 'smart'],
    },
  },
  {
    // A user sees typed errors only: code, subject, hint, cause (packages/oci/src/errors.ts).
    files: ['packages/*/src/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        { selector: "ThrowStatement > NewExpression[callee.name='Error']", message: 'throw a GpregError' },
        { selector: 'ExportAllDeclaration', message: 'name what is exported' },
      ],
    },
  },
  {
    // Libraries emit events, only the command prints.
    files: ['packages/{oci,core,values-gen,providers-*}/src/**/*.ts'],
    rules: { 'no-console': 'error' },
  },
  {
    // CommonJS has no other way to load a module.
    files: ['**/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
)
