// What the annotations of a rule make of its clusters: what no field of a DestinationRule can say.
import type { Aperture, Cluster, LoadBalancer, Origin } from '@proxyless/core/spi'
import { numberOf, type PlacedAnnotation, type PlacedAnnotations, said } from '../annotations/placed.ts'
import { hashText } from '../documents/hash.ts'
import { originOf } from '../documents/resource.ts'
import type { World } from '../world/world.ts'
import { translateAdaptive } from './adaptive.ts'

/** The parts of a cluster that annotations set. */
type Annotated = Partial<Pick<Cluster, 'aperture' | 'adaptive'>>

export interface Extensions {
  readonly parts: Annotated
  /** Instead of what the fields say, but for consistent hashing. */
  readonly loadBalancer: LoadBalancer | undefined
  readonly origins: Readonly<Record<string, Origin>>
}

const NOTHING: Extensions = { parts: {}, loadBalancer: undefined, origins: {} }

/** @param hashes the cluster's balancer is consistent, which an annotation does not change */
export function translateAnnotations(
  world: World,
  annotations: PlacedAnnotations | undefined,
  hashes: boolean,
): Extensions {
  if (annotations === undefined || Object.keys(annotations).length === 0) return NOTHING
  const origins: Record<string, Origin> = {}
  const origin = (part: string, placed: PlacedAnnotation): void => {
    origins[part] = originOf(placed.resource, placed.path)
  }
  const balancer = said(annotations.balancer)
  if (balancer !== undefined && hashes) warnOfHashing(world, balancer)
  else if (balancer !== undefined) origin('loadBalancer', balancer)
  const aperture = said(annotations.aperture)
  if (aperture !== undefined) origin('aperture', aperture)
  const adaptive = translateAdaptive(annotations, origin)
  return {
    parts: {
      ...(aperture === undefined ? {} : { aperture: translateAperture(world, aperture) }),
      ...(adaptive === undefined ? {} : { adaptive }),
    },
    loadBalancer: balancer === undefined || hashes ? undefined : translateBalancer(balancer),
    origins,
  }
}

function translateAperture({ client }: World, said: PlacedAnnotation): Aperture {
  return { size: numberOf(said, 'size'), seed: hashText(client.instance ?? '') }
}

function translateBalancer(said: PlacedAnnotation): LoadBalancer {
  if (said.word === 'peak-ewma') {
    return { kind: 'peakEwma', decayMs: numberOf(said, 'decay'), failurePenalty: numberOf(said, 'failurePenalty') }
  }
  return {
    kind: 'clientWeightedRoundRobin',
    blackoutMs: numberOf(said, 'blackout'),
    expiryMs: numberOf(said, 'expiry'),
    updateMs: numberOf(said, 'update'),
    errorPenalty: numberOf(said, 'errorPenalty'),
  }
}

function warnOfHashing(world: World, { resource, path }: PlacedAnnotation): void {
  const message = 'consistentHash stays in force where it is set; the annotation has no effect there'
  world.findings.warn('ANNOTATION_INERT', resource, path, message)
}
