import type { Provider } from '../provider.ts'

/** Opens something when it is first asked for, and gives the same one from then on. */
export function onFirstUse<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined
  return () => (opened ??= open())
}

/**
 * A provider that is opened by its first use, so that a program which only imports it does not load the SDK of the cloud.
 * What is wrong with the options should be said before, because errors of `open` reject the first use.
 */
export function lazyProvider(cloud: Provider['cloud'], open: () => Promise<Provider>): Provider {
  const opened = onFirstUse(open)
  return {
    cloud,
    changes: async (...args) => (await opened()).changes(...args),
    apply: async (...args) => (await opened()).apply(...args),
    describe: async (...args) => (await opened()).describe(...args),
    check: async (...args) => (await opened()).check(...args),
    destroy: async (...args) => (await opened()).destroy(...args),
    notes: async (...args) => (await opened()).notes(...args),
  }
}
