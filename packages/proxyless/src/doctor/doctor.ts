// Looks into a process and the package it runs: which clients the mesh leads, which go past it and why, and who else routes or retries.
import { dirname } from 'node:path'
import { type ClientCounts, type ClientName, clientNames, type Installation, ownerOf, slotNames } from '@proxyless/http'
import type { Observation } from '../observations.ts'
import { type ClientDiagnosis, Diagnosis } from './diagnosis.ts'
import { librariesOf } from './libraries.ts'
import { lookForSidecar } from './sidecar.ts'

export interface Patient {
  readonly installation: Installation | 'another' | undefined
  /** Whether the mesh retries. */
  readonly retries: boolean
  /** What the heads of responses have told of proxies in front. */
  readonly heads: readonly string[]
  readonly observed: readonly Observation[]
  /** Where the application stands whose package.json tells its libraries. */
  readonly directory?: string
}

/** The fetch that was there before anybody could replace it. */
const platformFetch = globalThis.fetch

export async function diagnose(patient: Patient): Promise<Diagnosis> {
  const { installation, retries, heads, observed, directory = mainDirectory() } = patient
  const clients = clientNames.map((client) => clientOf(client, installation))
  const isMeshed = (by: ClientName | undefined): boolean =>
    clients.some(({ client, meshed }) => client === by && meshed)
  return new Diagnosis({
    clients,
    slots: Object.fromEntries(slotNames.map((name) => [name, ownerOf(name)])),
    libraries: librariesOf(directory).map((library) => ({ ...library, meshed: isMeshed(library.by) })),
    sidecar: await lookForSidecar(process.env, heads),
    retries,
    observed,
  })
}

function mainDirectory(): string {
  const [, main] = process.argv
  return main === undefined ? process.cwd() : dirname(main)
}

function clientOf(client: ClientName, installation: Patient['installation']): ClientDiagnosis {
  const held = typeof installation === 'object' ? installation : undefined
  const { meshed: calls, unknown, bypassed } = held?.counts[client] ?? noCounts
  const reason = obstacleOf(client, installation)
  return {
    client,
    meshed: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
    calls,
    unknownHosts: unknown,
    bypassed: Object.fromEntries(bypassed),
  }
}

const noCounts: ClientCounts = { meshed: 0, unknown: 0, bypassed: new Map() }

/** Why a client is not led. */
function obstacleOf(client: ClientName, installation: Patient['installation']): string | undefined {
  if (installation === undefined) return 'the mesh is not installed (`mesh.install()`)'
  if (installation === 'another') return 'another mesh is installed in this process'
  if (!installation.taken.has(client)) return 'it was left out when the mesh was installed'
  if (installation.observing) return 'the mesh only observes'
  if (client === 'fetch') return obstacleOfFetch()
  return client === 'http' && !installation.holdsAgents
    ? 'the agents of node:http were patched by somebody else later'
    : undefined
}

function obstacleOfFetch(): string | undefined {
  if (globalThis.fetch !== platformFetch) return 'the global fetch was replaced by another one'
  // the built-in fetch of Node 26 looks into the second slot, those before it into the first
  const [name] = slotNames.filter((slot) => ownerOf(slot) !== 'mesh')
  return name === undefined ? undefined : `${name} is held by ${ownerOf(name)}`
}
