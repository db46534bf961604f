// A client of which the test says every word, on a session of the server, for both variants; and resources in a few letters.
import { VirtualClock } from '@proxyless/core/spi'
import { type EncodedResource, type Kind, kindOf, TYPE_URLS } from '@proxyless/xds'
import { DeltaDiscoveryRequest, DeltaDiscoveryResponse, DiscoveryRequest, DiscoveryResponse } from '@proxyless/xds/wire'
import { delta } from './delta.ts'
import type { ResourceSet, ResourceSets } from './resource-set.ts'
import { type Nack, Session } from './session.ts'
import { stateOfTheWorld } from './sotw.ts'
import type { VariantName } from './variant.ts'

/** Name to content, of each kind; a kind that is left out has nothing. */
export type State = Readonly<Partial<Record<Kind, Readonly<Record<string, string>>>>>

export interface Heard {
  readonly kind: Kind | undefined
  readonly version: string
  readonly nonce: string
  /** Name to content. */
  readonly resources: Readonly<Record<string, string>>
  readonly removed: readonly string[]
}

export interface Asking {
  /** Of SotW all names, of delta those that are new. */
  readonly names?: readonly string[]
  readonly unsubscribe?: readonly string[]
  readonly nonce?: string
  readonly version?: string
  readonly error?: string
  readonly initial?: Readonly<Record<string, string>>
}

/** What is found by name only begins with `hidden`. */
function setsOf(version: string, state: State): ResourceSets {
  const of = (kind: Kind): ResourceSet =>
    setOf(
      version,
      Object.entries(state[kind] ?? {}).map(([name, content]) => resourceOf(kind, name, content)),
    )
  return { cluster: of('cluster'), endpoints: of('endpoints'), listener: of('listener'), route: of('route') }
}

function setOf(version: string, resources: readonly EncodedResource[]): ResourceSet {
  const all = new Map(resources.map((resource) => [resource.name, resource]))
  const listed = new Map([...all].filter(([name]) => !name.startsWith('hidden')))
  return { version, listed, find: (name) => all.get(name) }
}

function resourceOf(kind: Kind, name: string, content: string): EncodedResource {
  const value = new TextEncoder().encode(`${name}=${content}`)
  const body = DiscoveryResponse.fromPartial({ resources: [{ typeUrl: TYPE_URLS[kind], value }] })
  // a response with one resource is its tag, a length of one byte, and the Any
  const any = DiscoveryResponse.encode(body).finish().subarray(2)
  return { name, version: `v-${content}`, any }
}

export class ScriptedClient {
  readonly clock: VirtualClock = new VirtualClock()
  readonly nacks: Nack[] = []
  readonly session: Session
  readonly #variant: VariantName
  readonly #heard: Heard[] = []
  readonly #nonces = new Map<Kind, string>()
  readonly #names = new Map<Kind, readonly string[]>()
  /** False: what is sent fills the wire. */
  flowing = true

  constructor(variant: VariantName, state: State) {
    this.#variant = variant
    this.session = new Session(
      {
        variant: variant === 'sotw' ? stateOfTheWorld : delta,
        clock: this.clock,
        send: (bytes) => {
          this.#hear(bytes)
          return this.flowing
        },
        observer: {
          sent: () => undefined,
          accepted: () => undefined,
          refused: (nack) => void this.nacks.push(nack),
        },
      },
      setsOf('1', state),
    )
  }

  /** The server has another state. */
  change(version: string, state: State): void {
    this.session.offer(setsOf(version, state))
  }

  ask(kind: Kind, asking: Asking = {}): void {
    if (this.#variant === 'sotw') this.#names.set(kind, asking.names ?? this.#names.get(kind) ?? [])
    this.session.take(this.#request(kind, asking))
  }

  /** Answers the last response of the kind; with an error it is a NACK. */
  answer(kind: Kind, more: Asking = {}): void {
    this.ask(kind, { nonce: this.#nonces.get(kind) ?? '', ...more })
  }

  /** What was heard since the last look. */
  take(): Heard[] {
    return this.#heard.splice(0)
  }

  /** The same, in words: `cluster a=1 b=1 -c`; each response is answered, until nothing more comes. */
  follow(): string[] {
    const said: string[] = []
    for (let heard = this.take(); heard.length > 0; heard = this.take()) {
      for (const each of heard) {
        said.push(wordsOf(each))
        if (each.kind !== undefined) this.answer(each.kind, { nonce: each.nonce })
      }
    }
    return said
  }

  #hear(bytes: Uint8Array): void {
    const heard = this.#variant === 'sotw' ? sotwHeard(bytes) : deltaHeard(bytes)
    this.#heard.push(heard)
    if (heard.kind !== undefined) this.#nonces.set(heard.kind, heard.nonce)
  }

  #request(kind: Kind, asking: Asking): ReturnType<typeof delta.read> {
    const { nonce = '', version = '', error, unsubscribe = [], initial = {}, names = [] } = asking
    const common = {
      typeUrl: TYPE_URLS[kind],
      responseNonce: nonce,
      ...(error === undefined ? {} : { errorDetail: { code: 3, message: error } }),
    }
    if (this.#variant === 'sotw') {
      const resourceNames = [...(this.#names.get(kind) ?? [])]
      const request = DiscoveryRequest.fromPartial({ ...common, resourceNames, versionInfo: version })
      return stateOfTheWorld.read(DiscoveryRequest.encode(request).finish())
    }
    const request = DeltaDiscoveryRequest.fromPartial({
      ...common,
      resourceNamesSubscribe: [...names],
      resourceNamesUnsubscribe: [...unsubscribe],
      initialResourceVersions: { ...initial },
    })
    return delta.read(DeltaDiscoveryRequest.encode(request).finish())
  }
}

function wordsOf({ kind, resources, removed }: Heard): string {
  const put = Object.entries(resources).map(([name, content]) => `${name}=${content}`)
  return [kind ?? '?', ...put.sort(), ...[...removed].sort().map((name) => `-${name}`)].join(' ')
}

function sotwHeard(bytes: Uint8Array): Heard {
  const { typeUrl, versionInfo, nonce, resources } = DiscoveryResponse.decode(bytes)
  return { kind: kindOf(typeUrl), version: versionInfo, nonce, resources: contentsOf(resources), removed: [] }
}

function deltaHeard(bytes: Uint8Array): Heard {
  const { typeUrl, systemVersionInfo, nonce, resources, removedResources } = DeltaDiscoveryResponse.decode(bytes)
  const anys = resources.flatMap(({ resource }) => resource ?? [])
  for (const { name, version, resource } of resources) {
    const [own, content] = new TextDecoder().decode(resource?.value).split('=')
    if (own !== name || version !== `v-${content}`) throw new Error(`${name} is wrapped wrongly`)
  }
  return {
    kind: kindOf(typeUrl),
    version: systemVersionInfo,
    nonce,
    resources: contentsOf(anys),
    removed: removedResources,
  }
}

function contentsOf(anys: readonly { readonly value: Uint8Array }[]): Record<string, string> {
  return Object.fromEntries(anys.map(({ value }) => new TextDecoder().decode(value).split('=') as [string, string]))
}
