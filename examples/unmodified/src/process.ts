// The application as a process under `--import proxyless/register`; all that it is told is where the documents are, and that
// its calls have the `end-user` of the request that they are made for.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface RunningApplication {
  readonly url: string
  /** What it has written to stderr so far. */
  readonly said: () => string
  close(): Promise<void>
}

const root = fileURLToPath(new URL('..', import.meta.url))

/** @param documents as YAML */
export async function startApplication(documents: string): Promise<RunningApplication> {
  const mesh = await mkdtemp(join(tmpdir(), 'proxyless-unmodified-'))
  await writeFile(join(mesh, 'mesh.yaml'), documents)
  const child = spawn(process.execPath, ['--import', 'proxyless/register', 'dist/app.js'], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', PROXYLESS_CONFIG: mesh, PROXYLESS_INHERIT: 'end-user' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (text: Buffer) => (said += text.toString()))
  const port = await portOf(child, () => said)
  return {
    url: `http://127.0.0.1:${port}`,
    said: () => said,
    async close() {
      if (child.exitCode === null && child.kill()) await once(child, 'exit')
      await rm(mesh, { recursive: true })
    },
  }
}

async function portOf(child: ChildProcess, said: () => string): Promise<string> {
  if (child.stdout !== null) {
    for await (const line of createInterface(child.stdout)) {
      const port = /listening on (\d+)/.exec(line)?.[1]
      if (port !== undefined) return port
    }
  }
  throw new Error(`the application has not started:\n${said()}`)
}
