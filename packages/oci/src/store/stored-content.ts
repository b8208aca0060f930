import type { Descriptor } from '../model/descriptor.ts'
import { isUnverifiedContent, isUnverifiedFetcher, type UnverifiedContent } from './capabilities.ts'
import type { ByteStream, Content, FetchCall, Fetcher } from './content.ts'

/** The content behind a descriptor in a repository, for a push to another one. */
export function contentOf(fetcher: Fetcher, descriptor: Descriptor): Content & UnverifiedContent {
  return {
    open: call => fetcher.fetch(descriptor, call),
    openUnverified: call =>
      isUnverifiedFetcher(fetcher)
        ? fetcher.fetchUnverified(descriptor, call)
        : fetcher.fetch(descriptor, call),
  }
}

/** Opens content for a consumer that checks size and digest itself, so that the bytes are hashed once. */
export function openUnverified(content: Content, call: FetchCall): ByteStream {
  return isUnverifiedContent(content) ? content.openUnverified(call) : content.open(call)
}
