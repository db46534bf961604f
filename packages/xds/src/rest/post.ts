// One POST of JSON over a connection of its own, which keeps no process alive.
import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { unmeshed } from '@proxyless/core/spi'
import type { Credentials } from '../bootstrap/bootstrap.ts'

/** Rejects where there is no whole answer. */
export type Post = (path: string, body: string, signal: AbortSignal) => Promise<{ status: number; body: string }>

/** A mesh that is installed in this process must not lead what configures it. */
const leftAlone = { [unmeshed]: true }

const maxBytes = 128 * 1024 * 1024

/** @param base `http://host:port` or `https://host:port` */
export function postTo(base: string, credentials: readonly Credentials[]): Post {
  return (path, body, signal) =>
    new Promise((resolve, reject) => {
      const url = new URL(path, base)
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
        method: 'POST',
        agent: false,
        ...leftAlone,
        signal,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        ...filesOf(credentials),
      })
      request.on('socket', (socket) => socket.unref())
      // an abort is told by its reason
      request.on('error', (error) => reject(signal.aborted && signal.reason instanceof Error ? signal.reason : error))
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        let bytes = 0
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > maxBytes) request.destroy(new Error(`more than ${maxBytes} bytes`))
          else chunks.push(chunk)
        })
        response.on('error', reject)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
      })
      request.end(body)
    })
}

function filesOf(credentials: readonly Credentials[]): { ca?: Buffer; cert?: Buffer; key?: Buffer } {
  const { caFile, certificateFile, privateKeyFile } = credentials.find(({ type }) => type === 'tls') ?? {}
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certificateFile === undefined ? {} : { cert: readFileSync(certificateFile) }),
    ...(privateKeyFile === undefined ? {} : { key: readFileSync(privateKeyFile) }),
  }
}
