// The official conformance runner of Connect, in Go, and the messages it speaks: both built once into the cache outside the tree.
import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  createFileRegistry,
  type DescMessage,
  type DescService,
  type FileRegistry,
  fromBinary,
} from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { goBinaries } from '../go-binaries.ts'

const run = promisify(execFile)
const sources = fileURLToPath(new URL('.', import.meta.url))
const name = 'connectconformance'

export interface ConformanceSuite {
  /** Path of the runner. */
  readonly runner: string
  readonly registry: FileRegistry
  readonly service: DescService
  message(name: string): DescMessage
}

/** Undefined where the machine cannot have it, which is a failure with PEERS=require. */
export async function conformanceSuite(): Promise<ConformanceSuite | undefined> {
  const packages = { [name]: `connectrpc.com/conformance/cmd/${name}` }
  const folder = await goBinaries({ name, sources: join(sources, 'runner'), packages, timeoutMs: 580_000 })
  if (folder === undefined) return undefined
  const descriptors = join(folder, 'messages.binpb')
  if (!existsSync(descriptors)) await run(buf(), ['build', await protos(), '--output', descriptors])
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)))
  const found = <T>(kind: string, desc: T | undefined): T => {
    if (desc === undefined) throw new Error(`${kind} is not described`)
    return desc
  }
  const full = (local: string): string => `connectrpc.conformance.v1.${local}`
  return {
    runner: join(folder, name),
    registry,
    service: found('the service', registry.getService(full('ConformanceService'))),
    message: (local) => found(local, registry.getMessage(full(local))),
  }
}

async function protos(): Promise<string> {
  const { stdout } = await run('go', ['mod', 'download', '-json', 'connectrpc.com/conformance'], {
    cwd: join(sources, 'runner'),
  })
  const { Dir } = JSON.parse(stdout) as { Dir: string }
  return join(Dir, 'proto')
}

function buf(): string {
  const scope = fileURLToPath(new URL('../../../node_modules/@bufbuild', import.meta.url))
  const platform = readdirSync(scope).find((each) => each.startsWith('buf-'))
  if (platform === undefined) throw new Error('@bufbuild/buf has no binary for this platform')
  return join(scope, platform, 'bin', 'buf')
}
