// Our access log and Envoy's, line beside line: the same configuration, the same requests, the same backends.
import { Agent } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from '../../kit/backend.ts'
import { cluster, config, endpoint, forward, host, route } from '../../kit/config.ts'
import { freePort } from '../../kit/free-port.ts'
import { startMesh, type TestMesh } from '../../kit/mesh.ts'
import { type Envoy, startEnvoy } from './harness/envoy.ts'
import { envoyOrSkip } from './harness/peer.ts'

interface Case {
  readonly path: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The fields that must be there, to see that the case is what it says. */
  readonly has: string
}

const retry = {
  numRetries: 1,
  retryOn: ['5xx'] as const,
  retriableStatusCodes: [],
  perTryTimeoutMs: 0,
  backoffBaseMs: 1,
  backoffMaxMs: 1,
  avoidPreviousHosts: false,
  retryOtherPriorities: false,
}

const cases: Readonly<Record<string, Case>> = {
  'an answer with its size': { path: '/ok?q=1', has: '200 - 0 10' },
  'the size of a request': { path: '/ok', method: 'POST', body: 'hello', has: 'POST /ok HTTP/1.1" 200 - 5 10' },
  'headers that the log shows': {
    path: '/ok',
    headers: { 'user-agent': 'me/1', 'x-forwarded-for': '10.1.1.1', 'x-request-id': 'my-id' },
    has: '"10.1.1.1" "me/1" "my-id" "svc.test"',
  },
  'no user agent': { path: '/ok', has: '"-" "-" "' },
  'path and host before and after they are rewritten': { path: '/rewrite/x?y', has: '"GET /rewrite/x?y ' },
  'a path that is normalised': { path: '/ok/../ok/./z', has: '"GET /ok/z ' },
  'no route': { path: '/nowhere', has: '404 NR 0 0' },
  'an answer by configuration': { path: '/direct', has: '418 - 0 7' },
  'no endpoint': { path: '/empty', has: '503 UH 0 19' },
  'nobody listens': { path: '/refused', has: '503 UF 0 ' },
  'retries that are used up': { path: '/bad', has: '503 URX 0 3' },
  'a timeout': { path: '/slow', has: '504 UT 0 24' },
  'a fault': { path: '/fault', has: '503 FI 0 18' },
}

const binary = await envoyOrSkip()
let marks = 0

describe.skipIf(binary === undefined)("Envoy's access log", () => {
  const lines: string[] = []
  const agent = new Agent({ connections: null, allowH2: false })
  let backend: Backend
  let envoy: Envoy
  let mesh: TestMesh

  beforeAll(async () => {
    backend = await startBackend({
      handler: ({ url }) => {
        if (url.startsWith('/bad')) return { status: 503, body: 'bad' }
        return url.startsWith('/slow') ? { instead: 'hang' } : { body: '0123456789' }
      },
    })
    const closed = `127.0.0.1:${await freePort()}`
    const at = (value: string): object => ({ path: { kind: 'prefix', value, ignoreCase: false } })
    const abort = { httpStatus: 503, percent: { numerator: 1_000_000 } }
    const routes = [
      route(forward('c'), at('/ok')),
      route(forward('c', { rewrite: { kind: 'prefix', value: '/ok' }, hostRewrite: 'inner.test' }), at('/rewrite')),
      route({ kind: 'directResponse', status: 418, body: 'a teapo' }, at('/direct')),
      route(forward('empty'), at('/empty')),
      route(forward('refused'), at('/refused')),
      route(forward('c', { retry }), at('/bad')),
      route(forward('c', { timeoutMs: 100 }), at('/slow')),
      route(forward('c', { fault: { abort } }), at('/fault')),
    ]
    const clusters = [
      cluster('c', [endpoint(backend.authority)]),
      cluster('empty', []),
      cluster('refused', [endpoint(closed)]),
    ]
    const world = config([host(['svc.test'], routes)], clusters)
    envoy = await startEnvoy(binary ?? '', [{ name: 'log', config: world, port: 80, trusting: false }])
    mesh = await startMesh(world, { accessLog: { write: (line) => lines.push(line) } })
  })

  afterAll(async () => {
    await mesh?.close()
    await envoy?.close()
    await agent.destroy()
    await backend?.close()
  })

  test.each(Object.entries(cases))('%s', async (_name, { path, method = 'GET', headers = {}, body, has }) => {
    const tag = `log-${++marks}`
    const ask = async (dispatcher: Agent | TestMesh['dispatcher'], origin: string): Promise<void> => {
      const response = await dispatcher.request({
        origin,
        path,
        method,
        headers: { host: 'svc.test', 'x-case': tag, 'x-request-id': 'id', ...headers },
        body: body ?? null,
      })
      await response.body.dump()
    }
    await ask(agent, `http://127.0.0.1:${envoy.port('log')}`)
    await ask(mesh.dispatcher, 'http://svc.test')
    const theirs = await envoy.log.lineOf(tag)
    const ours = lines.splice(0).join('\n')
    expect(ours).toContain(has)
    expect(comparable(ours)).toBe(comparable(theirs))
  })
})

/** Times differ; that there is one, or none, does not. */
function comparable(line: string): string {
  return line
    .replace(/^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\]/, '[time]')
    .replace(/ (\d+) (\d+|-) "/, (_all, _duration, upstream: string) => ` ms ${upstream === '-' ? '-' : 'ms'} "`)
}
