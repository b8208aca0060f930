import { randomBytes } from 'node:crypto'
import { startProcess } from '../support/process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { program } from './server-kinds.ts'

/** A MinIO for one test: `go install github.com/minio/minio@latest`. */
export interface Minio extends AsyncDisposable {
  /** http://127.0.0.1:port */
  readonly endpoint: string
  /** MinIO's own key, which may do everything */
  readonly key: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

export async function startMinio(): Promise<Minio> {
  const directory = await temporaryDirectory()
  const key = { accessKeyId: 'root-of-the-test', secretAccessKey: randomBytes(16).toString('hex') }
  const env = {
    ...process.env,
    MINIO_ROOT_USER: key.accessKeyId,
    MINIO_ROOT_PASSWORD: key.secretAccessKey,
    MINIO_BROWSER: 'off',
  }
  const flags = ['--address', '127.0.0.1:0']
  const running = startProcess(program('minio'), ['server', directory.path, ...flags], { env })
  const [, endpoint] = await running.output(/API: (http:\/\/127\.0\.0\.1:\d+)/)
  return {
    endpoint: endpoint!,
    key,
    async [Symbol.asyncDispose]() {
      await running.stop()
      await directory[Symbol.asyncDispose]()
    },
  }
}
