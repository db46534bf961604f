// Many visitors of a service at once over few connections that are kept: each has a name, an id and a deadline of its own.
import { Agent, request } from 'node:http'
import { opened } from '../kit/opened.ts'
import type { Seen } from './service.ts'

export interface Visit {
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
}

/** The answers of a service on `port` to visits, in order; a POST sends its body in two pieces. */
export async function visit(port: number, visits: readonly Visit[]): Promise<Seen[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 20 })
  opened({
    close: () => {
      agent.destroy()
      return Promise.resolve()
    },
  })
  return Promise.all(visits.map((each) => once(port, agent, each)))
}

function once(port: number, agent: Agent, { method = 'GET', headers = {} }: Visit): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, agent, method, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (Math.floor((response.statusCode ?? 0) / 100) === 2) resolve(JSON.parse(text) as Seen)
        else reject(new Error(`${response.statusCode} ${text}`))
      })
    })
    sent.on('error', reject)
    if (method === 'GET') return void sent.end()
    sent.setHeader('content-type', 'application/json')
    sent.write('{"a":"')
    setImmediate(() => sent.end(`${'b'.repeat(20_000)}"}`))
  })
}

/** So many different visits, and what each should have been seen as. */
export function crowd(count: number): {
  readonly visits: readonly Visit[]
  readonly expected: readonly Partial<Seen>[]
} {
  const numbers = Array.from({ length: count }, (_, i) => i)
  return {
    visits: numbers.map((i) => ({
      method: i % 3 === 0 ? 'POST' : 'GET',
      headers: { 'end-user': `user-${i}`, 'x-request-id': `id-${i}` },
    })),
    expected: numbers.map((i) => ({ endUser: `user-${i}`, requestId: `id-${i}`, deadlineMs: undefined })),
  }
}
