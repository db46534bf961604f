// The addresses of one feed: for requests, with who is asking; for people, without anything secret.
import { createHash } from 'node:crypto'
import type { FeedContext } from './options.ts'

export interface Address {
  /** For people and as the name of texts: no user, no query. */
  readonly name: string
  readonly config: URL
  readonly stream: URL
  readonly status: URL
  /** A document that is fetched as it is: no stream and no reports below it. */
  readonly isDocument: boolean
  /** From `https://user:password@...`. */
  readonly authorization: string | undefined
  /** Names the file of the cache: what is asked, without which process asks. */
  readonly key: string
}

export function addressOf(url: string, { node }: Pick<FeedContext, 'node'>): Address {
  const base = new URL(url)
  const authorization = takeCredentials(base)
  base.hash = ''
  const isDocument = /\.(ya?ml|json)$/i.test(base.pathname)
  const labels = Object.entries(node.labels).map(([key, value]) => `${key}=${value}`)
  const below = (path: string): URL => {
    const address = new URL(base)
    if (!isDocument) address.pathname = `${base.pathname.replace(/\/+$/, '')}/v1/${path}`
    address.searchParams.set('namespace', node.namespace)
    if (labels.length > 0) address.searchParams.set('labels', labels.join(','))
    return address
  }
  const key = createHash('sha256').update(below('config').href).digest('hex').slice(0, 16)
  const asked = (path: string): URL => {
    const address = below(path)
    address.searchParams.set('node', node.id)
    return address
  }
  const config = asked('config')
  const name = config.origin + config.pathname
  return { name, config, stream: asked('stream'), status: asked('status'), isDocument, authorization, key }
}

function takeCredentials(url: URL): string | undefined {
  const { username, password } = url
  if (username === '' && password === '') return undefined
  url.username = ''
  url.password = ''
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(text).toString('base64')}`
}
