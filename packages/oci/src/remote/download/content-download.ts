import type { Context } from '../../context.ts'
import { ACCEPT_MANIFESTS, isManifestType, type Descriptor } from '../../model/descriptor.ts'
import { BRIEF } from '../../retry.ts'
import type { ByteStream, FetchCall } from '../../store/content.ts'
import { contentPath, type RepositoryApi } from '../repository-api.ts'
import { endsEarly } from '../stored-size.ts'
import { webPageError } from '../web-page.ts'
import { download } from './download.ts'
import { rangedDownload } from './ranged-download.ts'

/**
 * Downloads a manifest or a blob. The bytes are not checked.
 * @param readAhead whether several connections may fetch bytes ahead of the reader
 */
export function downloadContent(
  api: RepositoryApi,
  descriptor: Descriptor,
  { offset = 0, isBrief = false, ...call }: FetchCall,
  context: Context,
  readAhead: boolean,
): ByteStream {
  const url = contentPath(descriptor)
  // The digest is that of the bytes as they are stored: no content coding.
  const identity = { 'accept-encoding': 'identity' }
  const isManifest = isManifestType(descriptor.mediaType)
  const accept = isManifest ? { accept: ACCEPT_MANIFESTS } : {}
  const subject = api.subject(descriptor.digest)
  const signal = api.client.signalOf(call)
  const read = readAhead ? rangedDownload : download
  return read(context, {
    descriptor,
    budget: api.client.budget,
    offset,
    signal,
    isBrief,
    asked: { method: 'GET', path: `${api.name}/${url}`, ...subject },
    pageError: start => webPageError(start, isManifest ? 'manifest' : 'blob', api, subject),
    open: async position => {
      const range = position > 0 ? { range: `bytes=${position}-` } : {}
      const headers = { ...identity, ...accept, ...range }
      const expect = position > 0 ? [200, 206, 416] : [200]
      const patience = isBrief ? { unreachable: BRIEF, 'server-error': BRIEF } : {}
      const response = await api.request({
        method: 'GET',
        url,
        headers,
        expect,
        signal,
        patience,
        outlastsRestart: true,
      })
      if (response.status !== 416) return response
      await response.body.dump()
      throw endsEarly(api, descriptor, position, response)
    },
    openRange: (first, last, abort) => {
      const headers = { ...identity, range: `bytes=${first}-${last}` }
      return api.attempt({ method: 'GET', url, headers, expect: [200, 206], signal: abort })
    },
  })
}
