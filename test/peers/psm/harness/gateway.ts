// The address of a control plane that can go away and come back: TCP, piped to where it really listens.
import { connect, createServer, type Server, type Socket } from 'node:net'

export class Gateway {
  readonly #server: Server
  readonly #open = new Set<Socket>()
  #to: number | undefined
  #end: string | undefined
  #port = 0

  constructor() {
    this.#server = createServer((socket) => this.#accept(socket))
  }

  /** Nothing listens there before `up`. */
  static async reserve(): Promise<Gateway> {
    const gateway = new Gateway()
    await gateway.#listen()
    await gateway.down()
    return gateway
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** @param to the port of what is behind it */
  async up(to: number): Promise<void> {
    this.#to = to
    this.#end = undefined
    if (!this.#server.listening) await this.#listen()
  }

  /** Connections are refused, those that are open break off. */
  async down(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  /** Goes down when a client says this, and it does not reach what is behind. */
  downOn(text: string): void {
    this.#end = text
  }

  #listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(this.#port, '127.0.0.1', () => {
        const address = this.#server.address()
        if (typeof address === 'object' && address !== null) this.#port = address.port
        resolve()
      })
    })
  }

  #accept(client: Socket): void {
    if (this.#to === undefined) return void client.destroy()
    const behind = connect(this.#to, '127.0.0.1')
    for (const [from, to] of [
      [client, behind],
      [behind, client],
    ] as const) {
      this.#open.add(from)
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#open.delete(from)
        to.destroy()
      })
    }
    behind.on('data', (bytes) => client.write(bytes))
    client.on('data', (bytes) => {
      if (this.#end !== undefined && bytes.includes(this.#end)) void this.down()
      else behind.write(bytes)
    })
  }
}
