import { GpregError } from '@gpreg/oci'

/** The pattern of the installer's `fqdn`. https://github.com/go-playground/validator/blob/v10.11.0/regexes.go */
export const DOMAIN =
  /^[a-zA-Z0-9][a-zA-Z0-9-]{0,62}(?:\.[a-zA-Z0-9][a-zA-Z0-9-]{0,62})*?\.[a-zA-Z][a-zA-Z0-9]{0,62}\.?$/

/**
 * Refuses a domain that the installer refuses, such as the URL of Gitpod.
 * @throws `usage`
 */
export function assertDomain(text: string): void {
  if (DOMAIN.test(text)) return
  const [, name = ''] = /^(?:[a-z]+:\/\/)?([^/:]*)/i.exec(text) ?? []
  throw new GpregError('usage', `--domain ${JSON.stringify(text)} is no domain name`, {
    hint: `write the name alone, ${DOMAIN.test(name) ? name : 'such as gitpod.example.com'}`,
  })
}
