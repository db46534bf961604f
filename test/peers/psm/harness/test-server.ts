// A grpc-go TestService with its name; and how it is, which it says by gRPC's health service on its maintenance port.
import { GoProgram } from '../../grpc-go/programs.ts'
import { Remote, serviceNamed } from './remote.ts'

const health = serviceNamed('grpc.testing.XdsUpdateHealthService')
const check = serviceNamed('grpc.health.v1.Health')

export class TestServer {
  readonly name: string
  /** Of loopback; the first is the one that all planes tell. */
  readonly addresses: readonly string[]
  readonly port: number
  readonly #program: GoProgram
  readonly #maintenance: Remote

  private constructor(name: string, addresses: readonly string[], program: GoProgram) {
    this.name = name
    this.addresses = addresses
    this.#program = program
    this.port = program.ports['port'] ?? 0
    this.#maintenance = new Remote(program.ports['maintenance_port'] ?? 0)
  }

  static async start(
    binary: string,
    name: string,
    { flags = [], env = {}, addresses = ['127.0.0.1'] }: ServerOptions = {},
  ): Promise<TestServer> {
    const words = ['-hostname', name, '-address', addresses.join(), ...flags]
    return new TestServer(name, addresses, await GoProgram.start(binary, words, env))
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
  readonly addresses?: readonly string[]
}
