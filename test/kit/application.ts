// An application of a test as a process of its own, with the package built and its modules at hand.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Application {
  readonly directory: string
  write(name: string, text: string): Promise<string>
  /** Runs node to its end. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Run>
  close(): Promise<void>
}

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))

export async function application(files: Readonly<Record<string, string>> = {}): Promise<Application> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'proxyless-app-')))
  await symlink(modules, join(directory, 'node_modules'))
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(directory, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
    return path
  }
  for (const [name, text] of Object.entries(files)) await write(name, text)
  return {
    directory,
    write,
    run: (args, env = {}) => runNode(args, directory, env),
    close: () => rm(directory, { recursive: true, force: true }),
  }
}

function runNode(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Run> {
  // nothing of the tests' own environment: it may hold variables of the product
  const child = spawn(process.execPath, args, { cwd, env: { PATH: process.env['PATH'] ?? '', ...env } })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() })
    })
  })
}
