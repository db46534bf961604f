// The proxy that breaks connections does so where it is told, as plain sockets see it.
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { type Fault, startFaultProxy } from './fault-proxy.ts'
import { backend, closeAfterEach, opened } from './opened.ts'
import { until } from './until.ts'

closeAfterEach()

/** What a socket that asks twice for `/` came to. */
async function talk(
  fault: Fault | undefined,
  chunked = false,
): Promise<{ texts: string[]; end: string; socket: Socket }> {
  const headers = chunked ? ['transfer-encoding', 'chunked'] : ['content-length', '10']
  const b = await backend({ handler: () => ({ headers, body: '0123456789' }) })
  const proxy = opened(await startFaultProxy(b, fault))
  const socket = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true })
  opened({ close: () => Promise.resolve(void socket.destroy()) })
  const state = { texts: ['', ''], end: 'open', socket }
  let turn = 0
  socket.on('data', (data) => {
    state.texts[turn] += String(data)
    if (turn === 0 && /\r\n\r\n.*(9|0\r\n\r\n)$/s.test(state.texts[0] ?? '')) {
      turn = 1
      socket.write('GET / HTTP/1.1\r\nhost: b\r\n\r\n')
    }
  })
  socket.on('end', () => (state.end = 'FIN'))
  socket.on('error', (error: NodeJS.ErrnoException) => (state.end = error.code ?? 'error'))
  socket.write('GET / HTTP/1.1\r\nhost: b\r\n\r\n')
  if (fault?.by === 'stall') await until(() => fault.at === 'accept' || proxy.requests === (fault.onRequest ?? 1))
  else if (fault?.by === undefined) await until(() => bodyOf(state.texts[1]).endsWith('9'))
  else await until(() => state.end !== 'open')
  return state
}

/** What follows the head; while that is not whole: nothing. */
const bodyOf = (text = ''): string => /\r\n\r\n(.*)$/s.exec(text)?.[1] ?? ''

test('without a fault it passes through', async () => {
  const { texts, end } = await talk(undefined)
  expect([texts.map(bodyOf), end]).toEqual([['0123456789', '0123456789'], 'open'])
})

test.each<[Fault, string, number, string]>([
  [{ at: 'accept', by: 'reset' }, 'ECONNRESET', 0, ''],
  [{ at: 'accept', by: 'close' }, 'FIN', 0, ''],
  [{ at: 'answer', by: 'reset' }, 'ECONNRESET', 0, ''],
  [{ at: 'answer', by: 'half-close' }, 'FIN', 0, ''],
  [{ at: { headBytes: 12 }, by: 'close' }, 'FIN', 12, ''],
  [{ at: 'head', by: 'reset' }, 'ECONNRESET', -1, ''],
  [{ at: { bodyBytes: 4 }, by: 'close' }, 'FIN', -1, '0123'],
  [{ at: { bodyBytes: 4 }, by: 'half-close', msPerByte: 0 }, 'FIN', -1, '0123'],
])('%j is seen as %s', async (fault, seen, bytes, body) => {
  const { texts, end } = await talk(fault)
  expect(end).toBe(seen)
  if (bytes === -1) expect(bodyOf(texts[0])).toBe(body)
  else expect(texts[0]).toHaveLength(bytes)
})

test('a chunked body ends before its last chunk', async () => {
  const { texts, end } = await talk({ at: { bodyBytes: 8 }, by: 'close' }, true)
  expect([bodyOf(texts[0]), end]).toEqual(['a\r\n01234', 'FIN'])
})

test('the second answer of a connection is broken where that is asked', async () => {
  const { texts, end } = await talk({ at: 'answer', by: 'reset', onRequest: 2 })
  expect([texts.map(bodyOf), end]).toEqual([['0123456789', ''], 'ECONNRESET'])
})

test('a half-closed connection still reads; a stalled one stays', async () => {
  const half = await talk({ at: 'answer', by: 'half-close' })
  expect(half.socket.writable).toBe(true)
  const stalled = await talk({ at: 'answer', by: 'stall' })
  expect([stalled.end, stalled.texts]).toEqual(['open', ['', '']])
})

test('slow bytes arrive all', async () => {
  const { texts } = await talk({ msPerByte: 0 })
  expect(texts.map(bodyOf)).toEqual(['0123456789', '0123456789'])
})
