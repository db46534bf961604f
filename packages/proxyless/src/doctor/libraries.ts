// What is known of the HTTP libraries of Node: how they reach the network, and whether they retry by themselves.
// And which of them an application has, by its package.json.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ClientName } from '@proxyless/http'

export interface Library {
  readonly name: string
  /** The client it stands on; undefined: none that can be taken in. */
  readonly by: ClientName | undefined
  /** What it needs to be led, or why it cannot be. */
  readonly note?: string
  /** How it retries by default, if it does. */
  readonly retries?: string
}

const http2Only = 'speaks HTTP/2 by node:http2, which is not taken in'

const known: readonly Library[] = [
  { name: 'axios', by: 'http' },
  { name: 'got', by: 'http', retries: 'GET and the like twice, by `retry`' },
  { name: 'node-fetch', by: 'http' },
  { name: 'superagent', by: 'http' },
  { name: 'needle', by: 'http' },
  { name: 'request', by: 'http' },
  { name: 'undici', by: 'fetch', note: 'requests with a dispatcher, Pool or Client of their own are not led' },
  { name: 'ky', by: 'fetch', retries: 'GET and the like twice, by `retry`' },
  { name: 'ofetch', by: 'fetch', retries: 'once, by `retry`' },
  { name: 'openai', by: 'fetch', retries: 'twice, by `maxRetries`' },
  { name: '@anthropic-ai/sdk', by: 'fetch', retries: 'twice, by `maxRetries`' },
  { name: '@grpc/grpc-js', by: 'grpc' },
  { name: 'nice-grpc', by: 'grpc' },
  { name: 'ws', by: undefined, note: 'makes its own connections: give it `agent: mesh.httpAgent`' },
  { name: 'http2-wrapper', by: undefined, note: http2Only },
  { name: '@connectrpc/connect-node', by: undefined, note: `${http2Only}; with HTTP/1.1 it is led as node:http` },
  { name: 'https-proxy-agent', by: undefined, note: 'requests with its agents go to the proxy' },
  { name: 'axios-retry', by: 'http', retries: 'three times, by `retries`' },
  { name: 'retry-axios', by: 'http', retries: 'three times, by `retry`' },
  { name: 'fetch-retry', by: 'fetch', retries: 'three times, by `retries`' },
]

const aws: Omit<Library, 'name'> = { by: 'http', retries: 'up to three attempts, by `maxAttempts`' }

/** Of the package that a directory belongs to, sorted by name. */
export function librariesOf(directory: string): readonly Library[] {
  return dependenciesOf(directory).flatMap((name) => {
    if (name.startsWith('@aws-sdk/client-')) return [{ name, ...aws }]
    return known.filter((library) => library.name === name)
  })
}

function dependenciesOf(directory: string): string[] {
  for (let at = directory; ; at = dirname(at)) {
    const dependencies = readDependencies(join(at, 'package.json'))
    if (dependencies !== undefined) return Object.keys(dependencies).toSorted()
    if (dirname(at) === at) return []
  }
}

function readDependencies(path: string): object | undefined {
  try {
    const { dependencies = {} } = JSON.parse(readFileSync(path, 'utf8')) as { readonly dependencies?: object }
    return dependencies
  } catch {
    return undefined
  }
}
