// What scenarios of one file share, because none of them changes it: programs, a go-control-plane for all nodes, servers that nobody stops.
import { controlPlaneBinary } from '../../go-control-plane/server.ts'
import { goPrograms } from '../../grpc-go/programs.ts'
import { GoPlane } from './go-plane.ts'
import { buildClient } from './interop-client.ts'
import { TestServer } from './test-server.ts'

export interface Programs {
  readonly xserver: string
  readonly controlPlane: string
  readonly client: string
}

/** Undefined where the machine cannot have them, which is a failure with PEERS=require. */
export async function psmPrograms(): Promise<Programs | undefined> {
  const [programs, controlPlane] = [await goPrograms(), await controlPlaneBinary()]
  if (programs === undefined || controlPlane === undefined) return undefined
  return { xserver: programs.xserver, controlPlane, client: buildClient() }
}

export class Common {
  readonly programs: Programs
  readonly #servers = new Map<string, Promise<TestServer>>()
  #plane: Promise<GoPlane> | undefined

  constructor(programs: Programs) {
    this.programs = programs
  }

  get goPlane(): Promise<GoPlane> {
    return (this.#plane ??= GoPlane.start(this.programs.controlPlane))
  }

  server(name: string): Promise<TestServer> {
    const known = this.#servers.get(name) ?? TestServer.start(this.programs.xserver, name)
    this.#servers.set(name, known)
    return known
  }

  async close(): Promise<void> {
    for (const server of this.#servers.values()) await (await server).stop()
    await (await this.#plane)?.close()
  }
}
