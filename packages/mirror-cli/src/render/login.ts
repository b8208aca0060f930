import type { LoginResult, LogoutResult } from '@gpreg/core'
import type { CredentialPlace } from '@gpreg/oci'

export function renderLogin({ host, username, store }: LoginResult): string {
  return `${host}: logged in as ${username}; kept ${place(store)}`
}

export function renderLogout({ host, store }: LogoutResult): string {
  return store === null ? `${host}: there was no login` : `${host}: forgotten ${place(store)}`
}

function place(store: CredentialPlace): string {
  return store.kind === 'helper' ? `by docker-credential-${store.name}` : `in ${store.path}`
}
