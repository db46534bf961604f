// Connect's official conformance suite: its runner asks for calls, connectTransport makes them through the mesh.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { dump } from 'js-yaml'
import { expect, test } from 'vitest'
import { answer } from './client.ts'
import { features, knownToFail, mayFail } from './features.ts'
import { Meshes } from './meshes.ts'
import { conformanceSuite } from './suite.ts'

const suite = await conformanceSuite()

/** Calls at a time. */
const most = 8

test.skipIf(suite === undefined)(
  'the conformance suite of Connect, through the mesh',
  { timeout: 300_000 },
  async () => {
    if (suite === undefined) return
    const meshes = new Meshes()
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      serve(socket, (bytes) => answer(suite, meshes, bytes)).catch((error: unknown) => socket.destroy(error as Error))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const folder = mkdtempSync(join(tmpdir(), 'connect-'))
    const conf = join(folder, 'features.yaml')
    writeFileSync(conf, dump(features))
    const { port } = server.address() as AddressInfo
    const standIn = fileURLToPath(new URL('stand-in.mjs', import.meta.url))
    const known = [
      ...knownToFail.flatMap((pattern) => ['--known-failing', pattern]),
      ...mayFail.flatMap((pattern) => ['--known-flaky', pattern]),
    ]
    const client = [process.execPath, standIn, String(port)]
    const args = ['--mode', 'client', '--conf', conf, ...known, '--', ...client]
    const told = await new Promise<{ code: number; text: string }>((resolve) => {
      const child = execFile(suite.runner, args, { maxBuffer: 2 ** 26 }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, text: stdout + stderr }),
      )
    })
    rmSync(folder, { recursive: true })
    server.close()
    await meshes.close()
    expect(told.text).toMatch(/Total cases: 2469\n\d+ passed, 0 failed/)
    expect(told.code).toBe(0)
  },
)

/** Messages behind their lengths, in and out; answers in any order. */
async function serve(socket: Socket, each: (message: Uint8Array) => Promise<Uint8Array>): Promise<void> {
  let received = Buffer.alloc(0)
  const running = new Set<Promise<void>>()
  // the socket stays open for answers when no more is asked
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, chunk])
    while (received.length >= 4 && received.length >= 4 + received.readUInt32BE()) {
      const end = 4 + received.readUInt32BE()
      const message = received.subarray(4, end)
      received = received.subarray(end)
      const answered = (async () => {
        const bytes = await each(message)
        const length = Buffer.alloc(4)
        length.writeUInt32BE(bytes.length)
        socket.write(Buffer.concat([length, bytes]))
      })()
      running.add(answered)
      void answered.finally(() => running.delete(answered))
      if (running.size >= most) await Promise.race(running)
    }
  }
  await Promise.all(running)
  socket.end()
}
