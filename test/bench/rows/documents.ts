// The row `documents`: a thousand Istio documents from their texts to a configuration, and how long the event loop waits.
import { documentSource, fromDocuments } from '@proxyless/istio'
import type { MeshConfig } from '@proxyless/core/spi'
import { processClock, regexEngine } from 'proxyless/host'
import type { Bench } from '../harness/bench.ts'
import { watched } from '../harness/event-loop.ts'
import { halfInterval, median } from '../harness/statistics.ts'
import { services, thousandDocuments } from '../world/documents.ts'

const warmUps = 3
const loads = 9

export const documentsBench: Bench = {
  name: 'documents',
  runs: 1,
  flags: [],
  async measure() {
    const texts = thousandDocuments()
    const cold = await watched(() => load(texts))
    for (let i = 0; i < warmUps; i++) await load(texts)
    const cpu: number[] = []
    const block: number[] = []
    for (let i = 0; i < loads; i++) {
      const { cpuMs, longestBlockMs } = await watched(() => load(texts))
      cpu.push(cpuMs)
      block.push(longestBlockMs)
    }
    const first = `first load ${cold.cpuMs.toFixed(0)} ms CPU, ${cold.longestBlockMs.toFixed(0)} ms block`
    return [
      { name: 'documents', unit: 'ms CPU', ours: median(cpu), ci: halfInterval(cpu), target: 400, note: first },
      { name: 'documents block', unit: 'ms longest', ours: median(block), ci: halfInterval(block), target: 50 },
    ]
  },
}

/** As the front door does it; every load reads every text. */
async function load(texts: readonly string[]): Promise<MeshConfig> {
  const source = fromDocuments(documentSource(texts), {
    workload: { namespace: 'shop', labels: {} },
    regex: regexEngine,
    clock: processClock,
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  })
  const config = await new Promise<MeshConfig>((resolve, reject) => {
    source.start({ config: resolve, problem: ({ message }) => reject(new Error(message)) })
  })
  await source.close()
  const problem = config.problems.find(({ severity }) => severity === 'error')
  if (problem !== undefined) throw new Error(`${problem.resource} ${problem.path}: ${problem.message}`)
  // the service and its three subsets
  if (config.clusters.size < services * 4) throw new Error(`only ${config.clusters.size} clusters`)
  return config
}
