// An etcd on free ports of loopback, and the one thing that is written past the API server.
import { join } from 'node:path'
import { freePorts, ServerProcess } from './server-process.ts'

export class Etcd {
  readonly url: string
  readonly #process: ServerProcess

  private constructor(url: string, running: ServerProcess) {
    this.url = url
    this.#process = running
  }

  static async start(binary: string, home: string): Promise<Etcd> {
    const [client = 0, peer = 0] = await freePorts(2)
    const [url, peers] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`]
    const running = await ServerProcess.start({
      binary,
      flags: {
        name: 'd',
        'data-dir': join(home, 'etcd'),
        'unsafe-no-fsync': true,
        'log-level': 'warn',
        'listen-client-urls': url,
        'advertise-client-urls': url,
        'listen-peer-urls': peers,
        'initial-advertise-peer-urls': peers,
        'initial-cluster': `d=${peers}`,
      },
      log: join(home, 'etcd.log'),
      isReady: async () => (await fetch(`${url}/health`)).ok,
    })
    return new Etcd(url, running)
  }

  /** Those who watch the API server hear of it: this is how endpoints on loopback come in, which the API server refuses. */
  async put(key: string, value: object): Promise<void> {
    const text = (data: string): string => Buffer.from(data).toString('base64')
    const body = JSON.stringify({ key: text(key), value: text(JSON.stringify(value)) })
    const answer = await fetch(`${this.url}/v3/kv/put`, { method: 'POST', body })
    if (!answer.ok) throw new Error(`etcd: ${await answer.text()}`)
  }

  stop(): Promise<void> {
    return this.#process.stop()
  }
}
