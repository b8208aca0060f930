import { defineConfig } from 'vitest/config'

// Unit tests run against the sources (condition `gpreg-source`); e2e tests drive the built command.
const sources = { conditions: ['gpreg-source'] }

export default defineConfig({
  test: {
    // Journeys wait for others most of the time: one file a core takes two thirds of the time of one core fewer.
    maxWorkers: '100%',
    projects: [
      {
        resolve: sources,
        ssr: { resolve: sources },
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'tools/**/*.test.ts'],
          disableConsoleIntercept: true,
        },
      },
      {
        resolve: sources,
        ssr: { resolve: sources },
        test: {
          name: 'e2e',
          include: ['e2e/journeys/**/*.test.ts'],
          // Most of what journeys do is wait for others.
          maxConcurrency: 10,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          globalSetup: ['e2e/support/install.ts'],
          disableConsoleIntercept: true,
        },
      },
      {
        resolve: sources,
        ssr: { resolve: sources },
        test: {
          name: 'cloud',
          include: ['e2e/cloud/**/*.test.ts'],
          maxConcurrency: 10,
          testTimeout: 120_000,
          hookTimeout: 180_000,
          globalSetup: ['e2e/support/cloud/install.ts'],
          disableConsoleIntercept: true,
        },
      },
    ],
  },
})
