// Starts the mesh of a process that knows of none: reads its settings, waits for the first configuration, takes in its clients, says so in one line.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { isMainThread } from 'node:worker_threads'
import type { GrpcClients } from '@proxyless/grpc'
import type { Mesh } from '../create-mesh.ts'
import { type Place, readSettings, type Settings } from './settings.ts'

/** Undefined with the mode `off`. @throws Wrong, or MeshError for what createMesh refuses */
export async function startMesh(place: Place, say: (line: string) => void): Promise<Mesh | undefined> {
  const settings = readSettings(place)
  for (const remark of settings.remarks) say(remark)
  if (settings.mode === 'off') return undefined
  // only now: a process that is not meshed does not load it
  const { createMesh } = await import('../create-mesh.ts')
  const mesh = await createMesh({ ...settings.options, config: settings.options.config })
  const { fetch, http } = settings.install
  const grpc = settings.install.grpc
    ? await applicationsGrpc([process.argv[1], join(place.directory, 'main.js')])
    : undefined
  mesh.install({ fetch, http, grpc, mode: settings.mode })
  if (isMainThread) say(summaryOf(mesh, settings, grpc !== undefined))
  return mesh
}

/** Of the copy of grpc-js that the application would load, if it has one. @param places files of it, whether there or not */
export async function applicationsGrpc(places: readonly (string | undefined)[]): Promise<GrpcClients | undefined> {
  const from = places.find((place) => place !== undefined && hasGrpc(place))
  if (from === undefined) return undefined
  const { grpcClients } = await import('@proxyless/grpc')
  return grpcClients(from)
}

function hasGrpc(from: string): boolean {
  try {
    return createRequire(from).resolve('@grpc/grpc-js') !== ''
  } catch {
    return false
  }
}

function summaryOf(mesh: Mesh, { mode, install: { fetch, http } }: Settings, grpc: boolean): string {
  const { virtualHosts, clusters, problems } = mesh.status()
  const taken = [...(fetch ? ['fetch'] : []), ...(http ? ['node:http'] : []), ...(grpc ? ['grpc-js'] : [])]
  const ofSeverity = (severity: string): number => problems.filter((problem) => problem.severity === severity).length
  const counts = [count(virtualHosts, 'virtual host'), count(clusters.length, 'cluster')]
  if (ofSeverity('error') > 0) counts.push(count(ofSeverity('error'), 'error'))
  if (ofSeverity('warning') > 0) counts.push(count(ofSeverity('warning'), 'warning'))
  return `${mode === 'observe' ? 'observes' : 'leads'} ${taken.join(', ')}; ${counts.join(', ')}`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
