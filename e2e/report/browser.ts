import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess } from '../support/process.ts'

/** One tab of a headless Chromium, driven over its DevTools protocol: https://chromedevtools.github.io/devtools-protocol/ */
export interface Tab extends AsyncDisposable {
  send(method: string, params?: object): Promise<Answer>
  /** Evaluates JavaScript in the page. */
  evaluate<T>(expression: string): Promise<T>
  /** Opens an address, and resolves when it is loaded. */
  open(url: string): Promise<void>
  /** Addresses that the page asked for since `open`, its own included. */
  readonly requests: readonly string[]
  /** What the page complained about in its console, such as a refusal by its policy. */
  readonly complaints: readonly string[]
}

// The protocol has hundreds of messages, and its types would be a dependency of their own.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Answer = any

export async function openTab(): Promise<Tab> {
  const profile = await mkdtemp(join(tmpdir(), 'gpreg-chromium-'))
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run']
  const args = [...flags, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank']
  const browser = startProcess('chromium', args)
  const [, address = ''] = await browser.output(/DevTools listening on (ws:\S+)/)
  const socket = new WebSocket(address)
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve)
    socket.addEventListener('error', reject)
  })
  const requests: string[] = []
  const complaints: string[] = []
  const waiting = new Map<number, (answer: Answer) => void>()
  const listeners = new Map<string, () => void>()
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data))
    if (message.method === 'Network.requestWillBeSent') requests.push(message.params.request.url)
    if (message.method === 'Log.entryAdded') complaints.push(message.params.entry.text)
    if (message.method === 'Runtime.exceptionThrown') complaints.push(message.params.exceptionDetails.text)
    listeners.get(message.method)?.()
    waiting.get(message.id)?.(message)
  })
  let last = 0
  const session: { sessionId?: string } = {}
  const send = async (method: string, params: object = {}) => {
    const id = ++last
    const answer = await new Promise<Answer>(resolve => {
      waiting.set(id, resolve)
      socket.send(JSON.stringify({ id, method, params, ...session }))
    })
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`)
    return answer.result
  }
  const { targetInfos } = await send('Target.getTargets')
  const { targetId } = targetInfos.find(({ type }: { type: string }) => type === 'page')
  session.sessionId = (await send('Target.attachToTarget', { targetId, flatten: true })).sessionId
  for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await send(`${domain}.enable`)
  return {
    requests,
    complaints,
    send,
    async evaluate(expression) {
      const { result, exceptionDetails } = await send('Runtime.evaluate', {
        expression,
        returnByValue: true,
        awaitPromise: true,
      })
      if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description)
      return result.value
    },
    async open(url) {
      requests.length = complaints.length = 0
      const loaded = new Promise<void>(resolve => listeners.set('Page.loadEventFired', resolve))
      await send('Page.navigate', { url })
      await loaded
    },
    async [Symbol.asyncDispose]() {
      socket.close()
      await browser[Symbol.asyncDispose]()
      await rm(profile, { recursive: true, force: true })
    },
  }
}
