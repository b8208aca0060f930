import { ContainerRegistryManagementClient } from '@azure/arm-containerregistry'
import { createHttpHeaders, type PipelineRequest } from '@azure/core-rest-pipeline'
import { createContext } from '@gpreg/core'
import { expect, it } from 'vitest'
import { createAzureProvider } from '../provider.ts'
import { ManagerTransport } from './manager-transport.ts'

const refusal = (code: string, message: string) => JSON.stringify({ error: { code, message } })

/** A provider with the real SDK, to which ARM gives these answers. */
function provider(answer: (request: PipelineRequest) => readonly [status: number, body: string]) {
  const httpClient = {
    async sendRequest(request: PipelineRequest) {
      const [status, bodyAsText] = answer(request)
      return {
        request,
        status,
        bodyAsText,
        headers: createHttpHeaders({ 'content-type': 'application/json' }),
      }
    },
  }
  const credential = {
    getToken: async () => ({ token: 'canary', expiresOnTimestamp: Date.now() + 3_600_000 }),
  }
  const options = {
    ...new ManagerTransport('https://management.azure.com', undefined).options,
    httpClient,
    updateIntervalInMs: 0,
  }
  const { registries } = new ContainerRegistryManagementClient(credential, 's1', options)
  const where = { subscriptionId: 's1', resourceGroup: 'rg', installation: 'prod', location: 'westeurope' }
  return createAzureProvider({ ...where, clients: { registries } })
}
const context = createContext({ sleep: async () => {} })

it.each([
  [403, 'AuthorizationFailed', 'The client does not have authorization', 'forbidden'],
  [404, 'ResourceGroupNotFound', "Resource group 'rg' could not be found.", 'not-found'],
  [404, 'SubscriptionNotFound', "The subscription 's1' could not be found.", 'not-found'],
])('a list that is refused with %s %s has the words of the server', async (status, code, words, expected) => {
  await expect(provider(() => [status, refusal(code, words)]).changes(context)).rejects.toMatchObject({
    code: expected,
    message: expect.stringContaining(`${code}: ${words}`),
  })
})

it.each(['RegistryNameAlreadyInUse', 'AlreadyInUse'])(
  'a name that turns out to be taken (%s) is left for the next one at once',
  async code => {
    const tried = new Set<string>()
    const azure = provider(({ url, method }) => {
      if (url.includes('checkNameAvailability')) return [200, '{"nameAvailable":true}']
      if (method === 'PUT') {
        tried.add(/registries\/(\w+)/.exec(url)![1]!)
        return [409, refusal(code, 'is already in use')]
      }
      return url.includes('registries?') ? [200, '{"value":[]}'] : [404, refusal('ResourceNotFound', 'no')]
    })
    await expect(azure.apply(context)).rejects.toMatchObject({ code: 'name-taken' })
    expect(tried.size).toBe(8)
  },
)
