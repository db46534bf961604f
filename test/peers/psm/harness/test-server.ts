// A grpc-go TestService with its name; and how it is, which it says by gRPC's health service on its maintenance port.
import { GoProgram } from '../../grpc-go/programs.ts'
import { Remote, serviceNamed } from './remote.ts'

const health = serviceNamed('grpc.testing.XdsUpdateHealthService')
const check = serviceNamed('grpc.health.v1.Health')

export class TestServer {
  readonly name: string
  /** Of loopback. */
  readonly address: string
  readonly port: number
  readonly #program: GoProgram
  readonly #maintenance: Remote

  private constructor(name: string, address: string, program: GoProgram) {
    this.name = name
    this.address = address
    this.#program = program
    this.port = program.ports['port'] ?? 0
    this.#maintenance = new Remote(program.ports['maintenance_port'] ?? 0)
  }

  static async start(
    binary: string,
    name: string,
    { flags = [], env = {}, address = '127.0.0.1' }: ServerOptions = {},
  ): Promise<TestServer> {
    return new TestServer(name, address, await GoProgram.start(binary, ['-hostname', name, ...flags], env))
  }

  async setServing(serving: boolean): Promise<void> {
    await this.#maintenance.call(health, serving ? 'SetServing' : 'SetNotServing')
  }

  async isServing(): Promise<boolean> {
    const { status } = await this.#maintenance.call<{ status: number }>(check, 'Check')
    return status === 1
  }

  async stop(): Promise<void> {
    this.#maintenance.close()
    await this.#program.stop()
  }
}

export interface ServerOptions {
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly address?: string
}
