// A real nginx on a free port of loopback that serves one folder, as a team would put its YAML there.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { until } from '../../kit/until.ts'

export class Nginx {
  readonly #binary: string
  readonly #home = mkdtempSync(join(tmpdir(), 'proxyless-nginx-'))
  readonly #port: number
  #process: ChildProcess | undefined

  private constructor(binary: string, port: number) {
    this.#binary = binary
    this.#port = port
    mkdirSync(join(this.#home, 'www'))
    writeFileSync(join(this.#home, 'nginx.conf'), configuration(this.#home, port))
  }

  static async start(binary: string): Promise<Nginx> {
    const nginx = new Nginx(binary, await freePort())
    await nginx.start()
    return nginx
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Replaces a file by renaming, as deployments do. */
  put(path: string, text: string): void {
    const file = join(this.#home, 'www', path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }

  /** `GET /path 200`, one per request. */
  get log(): readonly string[] {
    return readFileSync(join(this.#home, 'access.log'), 'utf8').split('\n').filter(Boolean)
  }

  async start(): Promise<void> {
    const files = ['-e', join(this.#home, 'error.log'), '-c', join(this.#home, 'nginx.conf')]
    this.#process = spawn(this.#binary, ['-p', this.#home, ...files], { stdio: ['ignore', 'ignore', 'inherit'] })
    await until(() => this.#answers())
  }

  async stop(): Promise<void> {
    const running = this.#process
    this.#process = undefined
    if (running === undefined || running.exitCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGTERM')
    await ended
  }

  async close(): Promise<void> {
    await this.stop()
    rmSync(this.#home, { recursive: true, force: true })
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.on('error', () => resolve(false))
    })
  }
}

/** One process that stays who it is: the folder may be for this user's eyes only. */
function configuration(home: string, port: number): string {
  const drafts = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${home}/${name};`,
  )
  return `daemon off;
master_process off;
pid ${home}/nginx.pid;
events {}
http {
  ${drafts.join('\n  ')}
  log_format brief '$request_method $uri $status';
  access_log ${home}/access.log brief;
  types {}
  default_type application/yaml;
  server {
    listen 127.0.0.1:${port};
    root ${home}/www;
    location /packed/ { gzip on; gzip_types application/yaml; gzip_min_length 0; }
    location /private/ { if ($http_authorization != "Bearer right") { return 401; } }
  }
}
`
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
