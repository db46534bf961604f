// What the mesh counts, told to an SDK when it asks: calls pay nothing for it. Histograms cannot be told so; they are Prometheus' alone.
import { metrics, type Observable } from '@opentelemetry/api'
import type { NumberFamily } from '@proxyless/core/spi'
import type { MeshMetrics } from './metrics/mesh-metrics.ts'

export function exportFamilies(counted: MeshMetrics): void {
  const meter = metrics.getMeter('proxyless')
  const instruments = new Map<string, Observable>()
  for (const { name, type, help: description } of numbers(counted)) {
    const create = type === 'counter' ? 'createObservableCounter' : 'createObservableGauge'
    instruments.set(name, meter[create](name, { description }))
  }
  meter.addBatchObservableCallback(
    (result) => {
      for (const { name, samples } of numbers(counted)) {
        const instrument = instruments.get(name)
        if (instrument !== undefined) for (const [labels, value] of samples) result.observe(instrument, value, labels)
      }
    },
    [...instruments.values()],
  )
}

function numbers(counted: MeshMetrics): NumberFamily[] {
  return counted.families().filter((family) => family.type !== 'histogram')
}
