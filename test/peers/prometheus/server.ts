// A real Prometheus that scrapes what a test names, and answers PromQL.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../../kit/free-port.ts'
import { until } from '../../kit/until.ts'

const run = promisify(execFile)

/** One series of an answer. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Prometheus {
  query(promQl: string): Promise<readonly Sample[]>
  /** Resolves when all that is served now was scraped. */
  scraped(): Promise<void>
  close(): Promise<void>
}

/** @param targets by the name of their job: URLs of metrics */
export async function startPrometheus(binary: string, targets: Readonly<Record<string, string>>): Promise<Prometheus> {
  const directory = await mkdtemp(join(tmpdir(), 'proxyless-prometheus-'))
  const port = await freePort()
  await writeFile(join(directory, 'prometheus.yml'), configOf(targets))
  const args = [
    `--config.file=${join(directory, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ]
  const child = spawn(binary, args, { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] })
  const stop = (): void => void child.kill('SIGKILL')
  process.once('exit', stop)
  const url = `http://127.0.0.1:${port}`
  const query = async (promQl: string): Promise<readonly Sample[]> => {
    const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(promQl)}`)
    const { data } = (await response.json()) as {
      data: { result: { metric: Sample['labels']; value: [number, string] }[] }
    }
    return data.result.map(({ metric, value: [, text] }) => ({ labels: metric, value: Number(text) }))
  }
  await until(async () => (await fetch(`${url}/-/ready`)).ok, 30_000)
  return {
    query,
    async scraped() {
      const [now] = await query('vector(time())')
      const since = `timestamp(up) > ${now?.value ?? 0}`
      await until(async () => (await query(since)).length === Object.keys(targets).length, 30_000)
    },
    async close() {
      process.off('exit', stop)
      await ended(child)
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** What `promtool check metrics` has against a text; empty: nothing. */
export async function complaintsOf(binary: string, text: string): Promise<string> {
  const checking = run(join(dirname(binary), 'promtool'), ['check', 'metrics'])
  checking.child.stdin?.end(text)
  return checking.then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  )
}

function configOf(targets: Readonly<Record<string, string>>): string {
  const jobs = Object.entries(targets).map(([name, target]) => {
    const { host, pathname } = new URL(target)
    return { job_name: name, metrics_path: pathname, static_configs: [{ targets: [host] }] }
  })
  return JSON.stringify({ global: { scrape_interval: '500ms', scrape_timeout: '500ms' }, scrape_configs: jobs })
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  await new Promise((resolve) => {
    child.once('exit', resolve)
    child.kill('SIGKILL')
  })
}
