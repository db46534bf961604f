// What the doctor has found: plain data, and the same as text for a person.
import type { ClientName } from '@proxyless/http'
import type { Observation } from '../observations.ts'
import type { Library } from './libraries.ts'
import type { Sidecar } from './sidecar.ts'

export interface ClientDiagnosis {
  /** `fetch` and all of undici, `http` for node:http and node:https, `grpc` for grpc-js. */
  readonly client: ClientName
  readonly meshed: boolean
  /** Why it is not. */
  readonly reason?: string
  /** Calls led, or when observing judged, since the mesh was installed. */
  readonly calls: number
  /** Calls to hosts that no document claims. */
  readonly unknownHosts: number
  /** Calls to hosts of the mesh that went past it, by reason. */
  readonly bypassed: Readonly<Record<string, number>>
}

export interface LibraryDiagnosis extends Library {
  readonly meshed: boolean
}

export interface DiagnosisParts {
  readonly clients: readonly ClientDiagnosis[]
  /** Who holds undici's slots: `mesh`, the class of a dispatcher, or `nobody`. */
  readonly slots: Readonly<Record<string, string>>
  readonly libraries: readonly LibraryDiagnosis[]
  readonly sidecar: Sidecar
  /** Whether the mesh retries; `false` under a sidecar that does. */
  readonly retries: boolean
  readonly observed: readonly Observation[]
}

const names: Readonly<Record<ClientName, string>> = { fetch: 'fetch, undici', http: 'node:http', grpc: 'grpc-js' }

export class Diagnosis implements DiagnosisParts {
  readonly clients: readonly ClientDiagnosis[]
  readonly slots: Readonly<Record<string, string>>
  readonly libraries: readonly LibraryDiagnosis[]
  readonly sidecar: Sidecar
  readonly retries: boolean
  readonly observed: readonly Observation[]

  constructor({ clients, slots, libraries, sidecar, retries, observed }: DiagnosisParts) {
    this.clients = clients
    this.slots = slots
    this.libraries = libraries
    this.sidecar = sidecar
    this.retries = retries
    this.observed = observed
  }

  /** Other layers that retry what the mesh retries already. */
  get otherRetries(): readonly string[] {
    return this.libraries.flatMap(({ name, retries }) => (retries === undefined ? [] : [`${name} retries ${retries}`]))
  }

  toString(): string {
    const rows: (readonly [string, string])[] = [
      ...this.clients.map((each): [string, string] => [names[each.client], textOfClient(each)]),
      ...Object.entries(this.slots).map(([slot, owner]): [string, string] => ['slot', `${slot} is held by ${owner}`]),
      ...this.libraries.map((library): [string, string] => ['library', textOfLibrary(library)]),
      ...this.otherRetries.map((text): [string, string] => [
        'retries',
        `${text}${this.retries ? ', and so does the mesh' : ''}`,
      ]),
      ...this.#sidecarRows(),
      ...this.observed.map(({ request, decision, count }): [string, string] => [
        'observed',
        `${count} x ${request}: ${decision}`,
      ]),
    ]
    const width = Math.max(...rows.map(([what]) => what.length))
    return rows.map(([what, text]) => `${what.padEnd(width)}  ${text}`).join('\n')
  }

  #sidecarRows(): [string, string][] {
    const { found, signs } = this.sidecar
    const verdict = found
      ? `in front of this process${this.retries ? '' : '; retries are left to it'}`
      : 'none in front of this process'
    return [['sidecar', verdict], ...signs.map((sign): [string, string] => ['sidecar', sign])]
  }
}

function textOfClient({ meshed, reason, calls, unknownHosts, bypassed }: ClientDiagnosis): string {
  const past = Object.entries(bypassed).map(([why, count]) => `${count} past the mesh: ${why}`)
  const state = meshed ? 'meshed' : `not meshed: ${reason}`
  return [state, `${calls} calls`, `${unknownHosts} to unknown hosts`, ...past].join('; ')
}

function textOfLibrary({ name, meshed, note }: LibraryDiagnosis): string {
  return `${name} is ${meshed ? '' : 'not '}meshed${note === undefined ? '' : `; ${note}`}`
}
