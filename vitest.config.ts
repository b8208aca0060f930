import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Unit tests import the sources (condition `gpreg-source`), so no stale build is tested; e2e tests run the built command.
const sources = { conditions: ['gpreg-source'] }

export default defineConfig({
  test: {
    // Three test files for two cores: journeys mostly wait, for servers and for lines that are slow on purpose.
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
    projects: [
      {
        resolve: sources,
        ssr: { resolve: sources },
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'tools/**/*.test.ts',
            'e2e/documents/*.test.ts',
            'e2e/bench/**/*.test.ts',
          ],
          // Property tests take a few seconds where the processor is shared.
          testTimeout: 30_000,
          disableConsoleIntercept: true,
        },
      },
      {
        resolve: sources,
        ssr: { resolve: sources },
        test: {
          name: 'e2e',
          include: ['e2e/journeys/**/*.test.ts'],
          // Journeys mostly wait for servers.
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
      {
        resolve: sources,
        ssr: { resolve: sources },
        test: {
          name: 'start',
          include: ['e2e/start/**/*.test.ts'],
          // Packages come from Debian and npm.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          disableConsoleIntercept: true,
        },
      },
      {
        resolve: sources,
        ssr: { resolve: sources },
        test: {
          name: 'report',
          include: ['e2e/report/**/*.test.ts'],
          // A browser starts, and makes a page of 5,000 images.
          testTimeout: 120_000,
          hookTimeout: 180_000,
          disableConsoleIntercept: true,
        },
      },
      {
        resolve: sources,
        ssr: { resolve: sources },
        test: {
          name: 'registries',
          include: ['e2e/registries/**/*.test.ts'],
          maxConcurrency: 3,
          // S3 takes minutes where the processor is shared.
          testTimeout: 400_000,
          hookTimeout: 400_000,
          globalSetup: ['e2e/registries/install.ts'],
          disableConsoleIntercept: true,
        },
      },
      {
        resolve: sources,
        ssr: { resolve: sources },
        test: {
          name: 'cluster',
          include: ['e2e/cluster/**/*.test.ts'],
          // The first run builds Kubernetes.
          testTimeout: 900_000,
          hookTimeout: 7_200_000,
          disableConsoleIntercept: true,
        },
      },
      {
        resolve: sources,
        ssr: { resolve: sources },
        test: {
          name: 'life',
          include: ['e2e/life/**/*.test.ts'],
          // Rounds of many commands, one after the other.
          maxConcurrency: 3,
          testTimeout: 1_800_000,
          hookTimeout: 180_000,
          globalSetup: ['e2e/life/install.ts'],
          disableConsoleIntercept: true,
        },
      },
      {
        resolve: sources,
        ssr: { resolve: sources },
        test: {
          name: 'peers',
          include: ['e2e/peers/**/*.test.ts'],
          // The tools mostly wait.
          maxConcurrency: 4,
          testTimeout: 180_000,
          disableConsoleIntercept: true,
        },
      },
    ],
  },
})
