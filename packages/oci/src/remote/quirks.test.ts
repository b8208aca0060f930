import { expect, it } from 'vitest'
import { quirksOf } from './quirks.ts'

it.each([
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'ecr'],
  ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com', 'ecr'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'ecr'],
  ['123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu', 'ecr'],
  ['123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov', 'ecr'],
  ['123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov', 'ecr'],
  ['123456789012.dkr-ecr.us-west-2.on.aws', 'ecr'],
  ['123456789012.dkr-ecr-fips.us-west-2.on.aws', 'ecr'],
  ['public.ecr.aws', 'ecr-public'],
  ['team.azurecr.io', 'acr'],
  ['team-a1b2c3d4.azurecr.us', 'acr'],
  ['team.azurecr.cn', 'acr'],
  ['gcr.io', 'google'],
  ['eu.gcr.io', 'google'],
  ['europe-west1-docker.pkg.dev', 'google'],
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
  '123456789012.dkr.ecr.eu-west-1.amazon\u0430ws.com',
])('%s is no registry of a cloud', host => expect(quirksOf(host).kind).toBe('generic'))
