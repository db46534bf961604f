// Starts the mesh of a process that knows of none: reads its settings, waits for the first configuration, takes in its clients, says so in one line.
import { isMainThread } from 'node:worker_threads'
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
  mesh.install({ ...settings.install, mode: settings.mode })
  if (isMainThread) say(summaryOf(mesh, settings))
  return mesh
}

function summaryOf(mesh: Mesh, { mode, install: { fetch = true, http = true } }: Settings): string {
  const { virtualHosts, clusters, problems } = mesh.status()
  const taken = [...(fetch ? ['fetch'] : []), ...(http ? ['node:http'] : [])].join(' and ')
  const refused = problems.filter(({ severity }) => severity === 'error').length
  const warnings = problems.filter(({ severity }) => severity === 'warning').length
  const counts = [
    count(virtualHosts, 'virtual host'),
    count(clusters.length, 'cluster'),
    ...(refused === 0 ? [] : [count(refused, 'error')]),
    ...(warnings === 0 ? [] : [count(warnings, 'warning')]),
  ]
  return `${mode === 'observe' ? 'observes' : 'leads'} ${taken}; ${counts.join(', ')}`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
