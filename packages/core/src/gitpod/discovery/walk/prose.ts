import type { Reference } from '@gpreg/oci'
import { tryParseReference } from '@gpreg/oci/engine'

/**
 * Finds references in free text: configuration files, arguments, environment values. A word counts only if it has a host and
 * a tag or digest. Other words (`server:3000`, `eu.gcr.io/gitpod-core-dev/build`, `https://host/path`) mostly name no image.
 */
export function referencesInText(text: string): Reference[] {
  return text
    .split(WORD_ENDS)
    .filter(word => !isUrl(word))
    .flatMap(word => word.split(VALUE_STARTS))
    .flatMap(word => referenceInWord(word) ?? [])
}

/**
 * Characters that separate words in shell, JSON, YAML, TOML and prose. `$`, `{` and `}` are not among them, so that a word with a
 * variable stays one word, which is no reference.
 */
const WORD_ENDS = /[\s"'`,;<>()[\]|\\]+/
/** `--flag=value`, `NAME=value` */
const VALUE_STARTS = /=+/
/** Tools write these before the name of an image or artifact in a registry: `oci://` is Helm's, KServe's and Istio's. */
const TRANSPORT = /^(?:docker|oci):\/\//
/** `{` and `}` of YAML flow collections, and punctuation at the end of a sentence. */
const AROUND = /^\{+|[}.:!?]+$/g

/** `docker.io`, `10.0.0.1`, `registry.internal:5000`, `registry:5000`, `localhost`, `[::1]:5000` */
const HOST = /^(?:(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*|\d+(?:\.\d+){3}|localhost)(?::\d+)?$|^[a-z0-9-]+:\d+$/

/** Hosts of source code and of the names of labels, groups and modules. */
export const NO_REGISTRY =
  /^(?:github\.com|gitlab\.com|bitbucket\.org|(?!registry\.)[\w.-]*\bk8s\.io|[\w.-]*\bkubernetes\.io)\//
/** A place in a source file: `controller.go:234`. */
const SOURCE_FILE = /\.(?:go|py|rb|rs|java|kt|cs|c|cc|cpp|h|js|ts|tsx|sh|sql|ya?ml|json|md|html|git):[\w.-]*$/

function isUrl(word: string): boolean {
  return word.replace(TRANSPORT, '').includes('://')
}

function referenceInWord(word: string): Reference | undefined {
  const text = word.replace(TRANSPORT, '').replace(AROUND, '')
  if (NO_REGISTRY.test(text) || SOURCE_FILE.test(text)) return undefined
  const slash = text.indexOf('/')
  if (slash < 1 || !HOST.test(text.slice(0, slash)) || !/[:@]/.test(text.slice(slash))) return undefined
  return tryParseReference(text)
}
