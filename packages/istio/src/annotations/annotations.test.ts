// proxyless.dev annotations: read like fields, refused like fields.
import type { MeshConfig } from '@proxyless/core/spi'
import { describe, expect, test } from 'vitest'
import { bookinfo, clusterOf, problemsOf, REVIEWS } from '../bookinfo.suite.ts'
import type { IstioOptions } from '../options.ts'
import { nearest } from '../nearest.ts'
import { parseAnnotation } from './value.ts'

function rule(annotations: string, spec = 'host: reviews', name = 'reviews', kind = 'DestinationRule'): string {
  return `apiVersion: networking.istio.io/v1
kind: ${kind}
metadata:
  name: ${name}
  namespace: bookinfo
  annotations:
    ${annotations.replaceAll('\n', '\n    ')}
spec:
  ${spec.replaceAll('\n', '\n  ')}
`
}

const cluster = (config: MeshConfig, variant = ''): ReturnType<typeof clusterOf> =>
  clusterOf(config, `outbound|9080|${variant}|${REVIEWS}`)

async function reviews(annotations: string, spec?: string, more: Partial<IstioOptions> = {}): Promise<MeshConfig> {
  return bookinfo([rule(annotations, spec)], more)
}

describe('balancer', () => {
  test('peak EWMA has the defaults of the field guide, and its parameters override them', async () => {
    const plain = cluster(await reviews('proxyless.dev/balancer: peak-ewma'))
    expect(plain.loadBalancer).toEqual({ kind: 'peakEwma', decayMs: 10_000, failurePenalty: 10 })
    const told = cluster(await reviews('proxyless.dev/balancer: peak-ewma, decay=2s, failurePenalty=2.5'))
    expect(told.loadBalancer).toEqual({ kind: 'peakEwma', decayMs: 2_000, failurePenalty: 2.5 })
  })

  test('client-side weighted round robin is another', async () => {
    const config = await reviews('proxyless.dev/balancer: client-weighted-round-robin, blackout=0s')
    expect(cluster(config).loadBalancer).toEqual({
      kind: 'clientWeightedRoundRobin',
      blackoutMs: 0,
      expiryMs: 180_000,
      updateMs: 1_000,
      errorPenalty: 1,
    })
  })

  test('it holds for every cluster of the rule and wins over `simple`, but not over consistentHash', async () => {
    const spec = `host: reviews
trafficPolicy: {loadBalancer: {simple: RANDOM}}
subsets:
- {name: v1, labels: {version: v1}}
- {name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x}}}}`
    const config = await reviews('proxyless.dev/balancer: peak-ewma', spec)
    expect(['', 'v1', 'v2'].map((variant) => cluster(config, variant).loadBalancer.kind)).toEqual([
      'peakEwma',
      'peakEwma',
      'ringHash',
    ])
    expect(problemsOf(config, 'ANNOTATION_INERT')).toEqual([
      'warning DestinationRule bookinfo/reviews metadata.annotations["proxyless.dev/balancer"]',
    ])
  })

  test('explain can name the annotation as the origin', async () => {
    const config = await reviews('proxyless.dev/balancer: peak-ewma')
    const origin = cluster(config).origins['loadBalancer']
    expect(origin?.path).toBe('metadata.annotations["proxyless.dev/balancer"]')
    expect(origin && config.locate?.(origin)).toEqual({ source: '1.yaml', line: 7, column: 29 })
  })

  test('disabled says nothing, and of two rules of a host the older that says it wins', async () => {
    expect(cluster(await reviews('proxyless.dev/balancer: disabled')).loadBalancer.kind).toBe('leastRequest')
    const config = await bookinfo([
      rule('proxyless.dev/balancer: peak-ewma', 'host: reviews', 'a'),
      rule('proxyless.dev/balancer: client-weighted-round-robin', 'host: reviews', 'b'),
    ])
    expect(cluster(config).loadBalancer.kind).toBe('peakEwma')
  })
})

describe('aperture', () => {
  test('its seed tells processes apart', async () => {
    const seeds = await Promise.all(
      ['a', 'b', 'a'].map(async (instance) => {
        const workload = { namespace: 'bookinfo', labels: {}, instance }
        return cluster(await reviews('proxyless.dev/aperture: enabled, size=2', undefined, { workload })).aperture
      }),
    )
    expect(seeds.map((aperture) => aperture?.size)).toEqual([2, 2, 2])
    expect(seeds[0]?.seed).not.toBe(seeds[1]?.seed)
    expect(seeds[0]?.seed).toBe(seeds[2]?.seed)
  })
})

describe('what calls adapt to', () => {
  test('each has the defaults of the field guide, and names its origin', async () => {
    const names = [
      'adaptive-throttling',
      'adaptive-concurrency',
      'hedging',
      'deadline-aware-retries',
      'event-loop-correction',
    ]
    const config = await reviews(names.map((name) => `proxyless.dev/${name}: enabled`).join('\n'))
    const { adaptive, origins } = cluster(config)
    expect(adaptive).toEqual({
      throttling: { k: 2, windowMs: 120_000, maxRejection: 0.9 },
      concurrency: { initial: 20, min: 20, max: 200, tolerance: 1.5, windowMs: 1_000 },
      hedging: { percentile: 0.95, minDelayMs: 1, maxBlockedMs: 50 },
      retriesInTime: true,
      loopCorrection: { maxGraceMs: 1_000 },
    })
    const paths = ['throttling', 'concurrency', 'hedging', 'retriesInTime', 'loopCorrection'].map(
      (part) => origins[part]?.path,
    )
    expect(paths).toEqual(names.map((name) => `metadata.annotations["proxyless.dev/${name}"]`))
  })

  test('none of them leaves no trace', async () => {
    expect(cluster(await reviews('proxyless.dev/adaptive-throttling: disabled')).adaptive).toBeUndefined()
  })
})

describe('what is wrong', () => {
  test('a wrong value refuses the document, with its place', async () => {
    const config = await reviews('proxyless.dev/balancer: peak-ewma, decay=soon')
    const [problem] = config.problems.filter(({ code }) => code === 'INVALID_VALUE')
    expect(problem).toMatchObject({ severity: 'error', source: '1.yaml', line: 7, column: 29, outcome: 'void' })
    expect(problem?.message).toBe(
      'proxyless.dev/balancer: decay must be a duration like 10s, at least 1ms, found "soon"',
    )
    expect(cluster(config).loadBalancer.kind).toBe('leastRequest')
  })

  test('an unknown annotation is a warning with the nearest name, an error under strict', async () => {
    const text = 'proxyless.dev/balancr: peak-ewma'
    const [problem] = (await reviews(text)).problems.filter(({ code }) => code === 'UNKNOWN_ANNOTATION')
    expect(problem).toMatchObject({ severity: 'warning', line: 7, column: 5 })
    expect(problem?.message).toBe(
      'unknown annotation "proxyless.dev/balancr" (did you mean "proxyless.dev/balancer"?); it is ignored',
    )
    expect(problemsOf(await reviews(text, undefined, { strict: true }), 'UNKNOWN_ANNOTATION')).toEqual([
      'error DestinationRule bookinfo/reviews metadata.annotations["proxyless.dev/balancr"]',
    ])
  })

  test('on another kind it has no effect, and those of others are no business of ours', async () => {
    const config = await bookinfo([
      rule('proxyless.dev/balancer: peak-ewma\nexample.com/x: y', 'hosts: [x.example]', 'v', 'VirtualService'),
    ])
    expect(problemsOf(config, 'NO_CLIENT_EFFECT')).toEqual([
      'warning VirtualService bookinfo/v metadata.annotations["proxyless.dev/balancer"]',
    ])
  })

  test.each([
    ['', 'expected peak-ewma or client-weighted-round-robin or disabled, found ""'],
    ['peak-ewma, decay', '"decay" is not of the form name=value'],
    ['peak-ewma, dekay=1s', 'unknown parameter dekay; did you mean decay?'],
    ['peak-ewma, decay=1s, decay=2s', 'decay is set twice'],
    ['peak-ewma, failurePenalty=0', 'failurePenalty must be a number from 1 to 1000, found "0"'],
    ['disabled, decay=1s', '"disabled" takes no parameters, found decay'],
  ])('balancer: "%s"', (text, message) => {
    expect(parseAnnotation('balancer', text)).toBe(message)
  })

  test.each([
    ['enabled', '"enabled" needs size, such as "enabled, size=20"'],
    ['enabled, size=2.5', 'size must be a whole number from 1 to 1000000, found "2.5"'],
  ])('aperture: "%s"', (text, message) => {
    expect(parseAnnotation('aperture', text)).toBe(message)
  })

  test('a limit that begins outside of its bounds', () => {
    expect(parseAnnotation('adaptive-concurrency', 'enabled, max=10')).toBe(
      'initial must lie within min and max, found 20, 20, 10',
    )
  })

  test('the nearest name is not any name', () => {
    expect(nearest('apertur', ['balancer', 'aperture'])).toBe('aperture')
    expect(nearest('colour', ['balancer', 'aperture'])).toBeUndefined()
  })
})
