// A request by node:http in one line, for tests of clients that stand on it.
import { type IncomingHttpHeaders, request as plainRequest, type RequestOptions } from 'node:http'
import { request as tlsRequest } from 'node:https'

export interface NodeAnswer {
  readonly status: number
  readonly statusText: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly trailers: NodeJS.Dict<string>
}

/** @throws what the request emits as `error` */
export function get(url: string, options: RequestOptions = {}, body?: string | Buffer): Promise<NodeAnswer> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith('https:') ? tlsRequest : plainRequest
    const request = send(url, options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, statusMessage: statusText = '', headers, trailers } = response
        resolve({ status, statusText, headers, trailers, body: Buffer.concat(chunks).toString() })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}
