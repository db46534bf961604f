// Calls of the mix at a steady rate, each method as often, over the channels by turns.
import { credentials, type Metadata, status as codes, type StatusObject } from '@grpc/grpc-js'
import type { Flags } from './flags.ts'
import { type TestClient, TestService } from './messages.ts'
import type { Wanted } from './mix.ts'
import type { Statistics } from './statistics.ts'

const tickMs = 10

export class Calls {
  mix: readonly Wanted[]
  readonly #flags: Flags
  readonly #statistics: Statistics
  readonly #clients: readonly TestClient[]
  readonly #request: object
  #turn = 0

  constructor(flags: Flags, mix: readonly Wanted[], statistics: Statistics) {
    this.#flags = flags
    this.mix = mix
    this.#statistics = statistics
    const client = (): TestClient =>
      new TestService(flags.server, credentials.createInsecure()) as unknown as TestClient
    this.#clients = Array.from({ length: Number(flags.num_channels) }, client)
    this.#request = {
      response_size: Number(flags.response_payload_size),
      payload: { body: Buffer.alloc(Number(flags.request_payload_size)) },
    }
  }

  /** As many as are due by now, so that a slow machine loses none. */
  begin(): void {
    const qps = Number(this.#flags.qps)
    const since = performance.now()
    setInterval(() => {
      const due = Math.floor(((performance.now() - since) * qps) / 1000)
      while (this.#turn < due) this.#next()
    }, tickMs)
  }

  #next(): void {
    const client = this.#clients[this.#turn++ % this.#clients.length]
    if (client !== undefined) for (const each of this.mix) this.#call(client, each)
  }

  #call(client: TestClient, { method, metadata, timeoutMs }: Wanted): void {
    const ended = this.#statistics.started(method)
    const options = { deadline: Date.now() + timeoutMs }
    let host = ''
    let head: Metadata | undefined
    const call =
      method === 'EMPTY_CALL'
        ? client.EmptyCall({}, metadata, options, () => undefined)
        : client.UnaryCall(this.#request, metadata, options, (_error, answer) => (host = answer?.hostname ?? ''))
    call.on('metadata', (given: Metadata) => (head = given))
    call.on('status', ({ code, details, metadata: trailers }: StatusObject) => {
      const peer = head?.get('hostname')[0]?.toString() ?? host
      ended({ peer, head, trailers, code })
      this.#judge(method, code, details, peer)
    })
  }

  #judge(method: string, code: codes, details: string, peer: string): void {
    const { expect_status, fail_on_failed_rpcs, print_response } = this.#flags
    if (print_response === 'true') console.error(`${method} from ${peer}: ${codes[code]} ${details}`)
    const expected = expect_status === '' ? codes.OK : codes[expect_status as keyof typeof codes]
    if (code === expected || fail_on_failed_rpcs !== 'true' || !this.#statistics.hasSucceeded) return
    console.error(`a call failed: ${codes[code]} ${details}`)
    process.exit(1)
  }
}
