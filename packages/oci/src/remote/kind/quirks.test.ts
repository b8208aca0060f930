import { expect, it } from 'vitest'
import { isPublicRegistry, quirksOf, sharesCloudLogins } from './quirks.ts'

it.each([
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'ecr'],
  ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'ecr'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'ecr'],
  ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu', 'ecr'],
  ['123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov', 'ecr'],
  ['123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov', 'ecr'],
  ['123456789012.dkr-ecr.us-west-2.on.aws', 'ecr'],
  ['123456789012.dkr-ecr-fips.us-west-2.on.aws', 'ecr'],
  ['123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk', 'ecr'],
  ['123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov', 'ecr'],
  ['123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn', 'ecr'],
  ['123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu', 'ecr'],
  ['public.ecr.aws', 'ecr-public'],
  ['mcr.microsoft.com', 'mcr'],
  ['team.azurecr.io', 'acr'],
  ['team-a1b2c3d4.azurecr.us', 'acr'],
  ['team.azurecr.cn', 'acr'],
  ['gcr.io', 'google'],
  ['eu.gcr.io', 'google'],
  ['europe-west1-docker.pkg.dev', 'google'],
  ['us-docker.pkg.dev', 'google'],
  ['northamerica-northeast1-docker.pkg.dev', 'google'],
  ['mirror.gcr.io', 'generic'],
  ['docker.io', 'generic'],
  ['registry.internal:5000', 'generic'],
  ['dkr.ecr.example.com', 'generic'],
])('%s is a registry of the kind %s', (host, kind) => expect(quirksOf(host).kind).toBe(kind))

it.each([
  // another suffix
  '123456789012.dkr.ecr.eu-west-1.amazonaws.attacker.com',
  '123456789012.dkr.ecr.eu-west-1.on.attacker.com',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.co',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com.attacker.com',
  'team.azurecr.io.attacker.com',
  'team.azurecr.attacker.com',
  'gcr.io.attacker.com',
  'europe-docker.pkg.dev.attacker.com',
  // another name before the suffix
  '123456789012.dkr.ecr.eu-west-1.notamazonaws.com',
  '123456789012.dkr.ecr.eu-west-1.amazonaws-com.attacker.com',
  'team.notazurecr.io',
  'notgcr.io',
  'docker.pkg.dev',
  // one label more
  'x.123456789012.dkr.ecr.eu-west-1.amazonaws.com',
  '123456789012.dkr.ecr.eu-west-1.x.amazonaws.com',
  'a.b.azurecr.io',
  'a.b.gcr.io',
  'x.europe-docker.pkg.dev',
  // a name of one partition below the domain of another
  '123456789012.dkr.ecr.cn-north-1.amazonaws.com',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com.cn',
  '123456789012.dkr.ecr.us-iso-east-1.sc2s.sgov.gov',
  '123456789012.dkr.ecr.us-west-2.on.aws',
  '123456789012.dkr-ecr.us-west-2.amazonaws.com',
  '123456789012.lambda-url.us-west-2.on.aws',
  // another public registry
  'public.ecr.aws.attacker.com',
  'x.public.ecr.aws',
  'mcr.microsoft.com.attacker.com',
  'mcr.microsoft.co',
  // not an account
  '12345678901.dkr.ecr.eu-west-1.amazonaws.com',
  'attacker.dkr.ecr.eu-west-1.amazonaws.com',
  // upper case, a trailing dot, a port, letters that only look alike
  '123456789012.DKR.ECR.eu-west-1.amazonaws.com',
  'team.azurecr.IO',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com.',
  'team.azurecr.io.',
  'gcr.io.',
  '123456789012.dkr.ecr.eu-west-1.amazonaws.com:8443',
  'team.azurecr.io:5000',
  'gcr.io:8443',
  'g\u0441r.io',
  'xn--gr-nlc.io',
  'xn--team-1.azurecr.io',
  'team.xn--azurecr-1.io',
  'xn--europe-docker.pkg.dev',
  'europe-docker.pkg.d\u0435v',
  'team.azurecr.io\uff0e',
  '123456789012.dkr.ecr.eu-west-1.amazon\u0430ws.com',
])('%s is no registry of a cloud', host => expect(quirksOf(host).kind).toBe('generic'))

it('registries for everybody are those of AWS and Microsoft', () => {
  const hosts = ['public.ecr.aws', 'mcr.microsoft.com', 'team.azurecr.io', 'docker.io', 'public.ecr.aws:443']
  expect(hosts.filter(isPublicRegistry)).toEqual(['public.ecr.aws', 'mcr.microsoft.com'])
})

it.each([
  ['team.azurecr.io', 'team.azurecr.io', true],
  ['team.azurecr.io', 'other.azurecr.io', false],
  ['team.azurecr.io', 'team.azurecr.cn', false],
  ['team.azurecr.io', 'gcr.io', false],
  ['eu.gcr.io', 'gcr.io', true],
  ['europe-docker.pkg.dev', 'gcr.io', true],
  ['gcr.io', 'gcr.io.attacker.com', false],
  ['registry.internal:5000', 'auth.internal', false],
])('the login of a cloud for %s may go to %s: %s', (host, other, expected) => {
  expect(sharesCloudLogins(host, other)).toBe(expected)
})
