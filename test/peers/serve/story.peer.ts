// The main job twice: its meshes read the documents, and its meshes ask `proxyless serve`. The story is the same to the last line.
// A real Prometheus listens to the first.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { debianOrSkip } from '../debian-package.ts'
import { type Prometheus, startPrometheus } from '../prometheus/server.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const tourTimeoutMs = 240_000
const binary = await debianOrSkip({ name: 'prometheus', path: 'usr/bin/prometheus', proof: ['--version'] })

/** @param hear told each line as it comes */
async function story(args: readonly string[], hear: (line: string) => void): Promise<string[]> {
  const start = ['scripts/start.mjs', '--tour', ...args]
  const signal = AbortSignal.timeout(tourTimeoutMs)
  const child = spawn(process.execPath, start, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], signal })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    hear(line)
  }
  return lines
}

/** What two tours measure of one truth differs in numbers: shares, times, ports. What was expected of them, and was found good, does not. */
function withoutChance(line: string): string {
  if (line.startsWith('   measured')) return line.replaceAll(/\d+(\.\d+)?/g, '#')
  return line.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:#').replace(/, in \d+ s$/, ', in # s')
}

test(
  'npm start -- --tour and npm start -- --tour --xds tell the same story, and Prometheus hears it',
  { timeout: 2 * tourTimeoutMs },
  async () => {
    let prometheus: Promise<Prometheus> | undefined
    const own = await story([], (line) => {
      const [url] = /http:\S+\/metrics$/.exec(line) ?? []
      if (url !== undefined && binary !== undefined) prometheus = startPrometheus(binary, { productpage: url })
    })
    const heard = await prometheus
    try {
      expect(own.filter((line) => line.startsWith('   measured')).length).toBeGreaterThan(10)
      expect(own.at(-1)).toMatch(/^(\d+) of \1 steps as expected, in \d+ s$/)
      // the pages are gone, what was scraped of them stays
      const ofV3 = 'istio_requests_total{destination_app="reviews",destination_version="v3",response_code="500"}'
      const [failures] = (await heard?.query(`sum(max_over_time(${ofV3}[1h]))`)) ?? []
      const told = own.find((line) => line.includes('failures told'))
      if (heard !== undefined) expect(told).toContain(`; ${failures?.value} failures told,`)
    } finally {
      await heard?.close()
    }
    const served = await story(['--xds'], () => undefined)
    expect(served.map(withoutChance)).toEqual(own.map(withoutChance))
  },
)
