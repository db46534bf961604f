// What the mesh counts, told to an SDK when it asks: calls pay nothing for it. Histograms cannot be told so; they are Prometheus' alone.
import { type Attributes, type BatchObservableResult, metrics, type Observable } from '@opentelemetry/api'
import type { NumberFamily } from '@proxyless/core/spi'
import type { MeshMetrics } from './metrics/mesh-metrics.ts'

/** Places of the meshes that are told of; the first needs no name. */
const places = new Set<number>()

interface Told {
  readonly instrument: Observable
  readonly attributes: Attributes
}

/** @returns what ends it: gauges are told as 0 once more, as SDKs repeat for ever what they have heard last */
export function exportFamilies(counted: MeshMetrics): () => void {
  const place = takePlace()
  const instruments = instrumentsOf(counted)
  const meter = metrics.getMeter('proxyless')
  let living: MeshMetrics | undefined = counted
  let before = new Map<string, Told>()

  const observe = (result: BatchObservableResult): void => {
    const now = new Map<string, Told>()
    for (const { name, type, samples } of living === undefined ? [] : numbers(living)) {
      const instrument = instruments.get(name)
      if (instrument === undefined) continue
      for (const [labels, value] of samples) {
        const attributes = place === 1 ? labels : { ...labels, mesh: String(place) }
        result.observe(instrument, value, attributes)
        if (type === 'gauge') now.set(`${name} ${Object.values(labels).join('\0')}`, { instrument, attributes })
      }
    }
    for (const [key, { instrument, attributes }] of before) if (!now.has(key)) result.observe(instrument, 0, attributes)
    before = now
    // not while the SDK goes through its callbacks
    if (living === undefined) queueMicrotask(() => meter.removeBatchObservableCallback(observe, all))
  }
  const all = [...instruments.values()]
  meter.addBatchObservableCallback(observe, all)
  return () => {
    living = undefined
    places.delete(place)
  }
}

function takePlace(): number {
  let place = 1
  while (places.has(place)) place++
  places.add(place)
  return place
}

function instrumentsOf(counted: MeshMetrics): Map<string, Observable> {
  const meter = metrics.getMeter('proxyless')
  return new Map(
    numbers(counted).map(({ name, type, help: description }) => {
      const create = type === 'counter' ? 'createObservableCounter' : 'createObservableGauge'
      return [name, meter[create](name, { description })]
    }),
  )
}

function numbers(counted: MeshMetrics): NumberFamily[] {
  return counted.families().filter((family) => family.type !== 'histogram')
}
