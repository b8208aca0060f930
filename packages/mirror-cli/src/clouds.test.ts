import { expect, it } from 'vitest'
import { createClouds } from './clouds.ts'

it.each([
  '123456789012.dkr.ecr.eu-west-1.amazonaws.attacker.com',
  'gitpod.azurecr.io.attacker.com',
  'eu.gcr.io.attacker.com',
  'public.ecr.aws',
  'mcr.microsoft.com',
  'docker.io',
])('%s gets no login of a cloud', async host => {
  const clouds = createClouds()
  expect(await clouds(host, 'source')).toBeUndefined()
  expect(await clouds(host, 'target')).toBeUndefined()
})

it('a registry of a cloud gets a login of the cloud', async () => {
  const clouds = createClouds()
  expect(await clouds('123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'source')).toBeDefined()
})
