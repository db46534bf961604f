// What tracers are told, and what they may do to requests.
import { afterEach, expect, test } from 'vitest'
import type { Failure } from '../cluster/verdict.ts'
import { getHeader, setHeader } from '../route/header-list.ts'
import { cluster, config, forward, host, route } from '../model/config.suite.ts'
import type { Attempt } from './attempt.ts'
import type { CallTracer } from './trace.ts'
import { expectNothingLeft, retries, simple, type World, worldOf } from './world.suite.ts'

afterEach(expectNothingLeft)

/** Writes down what it is told, and puts `x-trace: CALL.ATTEMPT` on each request. */
function follow(world: World): string[] {
  const told: string[] = []
  let calls = 0
  const tracer: CallTracer = {
    callStarted({ mirrorOf }) {
      const name = `${mirrorOf === undefined ? 'call' : 'copy'}${++calls}`
      told.push(`${name} starts`)
      return {
        carries: true,
        attemptStarted({ number }) {
          const own = `${name}.${number}`
          told.push(`${own} starts`)
          return {
            inject(headers) {
              setHeader(headers, 'x-trace', own)
            },
            within: (send) => send(),
            ended: (attempt, broken) => told.push(`${own} ends ${endOf(attempt, broken)}`),
          }
        },
        ended: ({ status, flags }) => told.push(`${name} ends ${status} ${flags}`),
      }
    },
  }
  world.mesh.tracer = tracer
  return told
}

function endOf({ verdict }: Attempt, broken: Failure | undefined): string {
  if (broken !== undefined) return broken
  if (verdict === undefined) return 'unknown'
  return verdict.kind === 'response' ? String(verdict.status) : verdict.failure
}

test('a call, each of its attempts and their ends are told in order; each request carries what its attempt injected', async () => {
  const world = await simple(retries({ retryOn: ['5xx'], backoffMaxMs: 1 }))
  const told = follow(world)
  const it = world.call('http://a/', { answers: [503, 'connectionTermination', { status: 200, bodyMs: 3 }] })
  const [first, second, third] = [1, 2, 3].map(() => getHeader(it.call.request.headers, 'x-trace'))
  expect([first, second, third]).toEqual(['call1.1', 'call1.1', 'call1.1'])
  world.clock.advance(100)
  expect(told).toEqual([
    'call1 starts',
    'call1.1 starts',
    'call1.1 ends 503',
    'call1.2 starts',
    'call1.2 ends connectionTermination',
    'call1.3 starts',
    'call1.3 ends 200',
    'call1 ends 200 -',
  ])
  expect(getHeader(it.call.request.headers, 'x-trace')).toBe('call1.3')
})

test('attempts that time out, are outrun or given up end too', async () => {
  const late = await simple({ timeoutMs: 100 })
  const told = follow(late)
  late.call('http://a/', { answers: ['hangs'] })
  late.clock.advance(200)
  expect(told.slice(2)).toEqual(['call1.1 ends timeout', 'call1 ends 504 UT'])

  const left = await simple()
  const ofLeft = follow(left)
  left.call('http://a/', { answers: ['hangs'] }).cancel()
  expect(ofLeft.slice(2)).toEqual(['call1.1 ends unknown', 'call1 ends 0 DC'])

  const broken = await simple()
  const ofBroken = follow(broken)
  broken.call('http://a/', { answers: [{ status: 200, bodyMs: 5, breaks: 'connectionTermination' }] })
  broken.clock.advance(10)
  expect(ofBroken.slice(2)).toEqual(['call1.1 ends connectionTermination', 'call1 ends 200 UC'])

  const slow = await simple({ timeoutMs: 100 })
  const ofSlow = follow(slow)
  slow.call('http://a/', { answers: [{ status: 200, bodyMs: Infinity }] })
  slow.clock.advance(100)
  expect(ofSlow.slice(2)).toEqual(['call1.1 ends timeout', 'call1 ends 200 UT'])
})

test('of hedged attempts each carries its own, and the one that lost ends', async () => {
  const hedging = { ...retries({ retryOn: ['5xx'], hedgeOnPerTryTimeout: true, perTryTimeoutMs: 10, backoffMaxMs: 1 }) }
  const world = await simple(hedging)
  const told = follow(world)
  world.call('http://a/', { hedges: true, answers: ['hangs', 200] })
  world.clock.advance(100)
  expect(told.slice(1)).toEqual([
    'call1.1 starts',
    'call1.2 starts',
    'call1.1 ends unknown',
    'call1.2 ends 200',
    'call1 ends 200 -',
  ])
})

test('a copy is told as one, and not its end', async () => {
  const mirrors = [{ cluster: 'm', percent: { numerator: 1_000_000 }, shadowHostSuffix: false }]
  const clusters = [cluster('c', ['10.0.0.1']), cluster('m', ['10.1.0.1'])]
  const world = await worldOf(config([host(['a'], [route(forward('c', { mirrors }))])], clusters))
  const told = follow(world)
  world.call('http://a/', { answers: [{ status: 200, afterMs: 5 }] })
  world.clock.advance(10)
  expect(told.filter((line) => line.startsWith('copy'))).toEqual(['copy2 starts', 'copy2.1 starts', 'copy2.1 ends 200'])
})

test('a tracer that follows nobody is asked no more of the call', async () => {
  const world = await simple()
  world.mesh.tracer = { callStarted: () => undefined }
  expect(world.call('http://a/').seen).toBe(200)
})
