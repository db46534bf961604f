// proxyless doctor: what `--import proxyless/register` would find in this directory: settings, documents, libraries, sidecars.
import { join } from 'node:path'
import { styleText } from 'node:util'
import { createMesh, type Mesh } from '../create-mesh.ts'
import { diagnose } from '../doctor/doctor.ts'
import type { Diagnosis } from '../doctor/diagnosis.ts'
import { applicationsGrpc } from '../register/start.ts'
import { readSettings, type Settings } from '../register/settings.ts'

export interface DoctorOptions {
  readonly json?: boolean
}

/** Resolves to the exit code: 1 when an application would not start, or when documents are refused. */
export async function runDoctor(
  directory: string,
  { json }: DoctorOptions,
  out: NodeJS.WritableStream,
): Promise<number> {
  const visit = await visitTo(directory)
  const { diagnosis, findings } = visit
  if (json === true) {
    const { clients, slots, libraries, sidecar, retries, otherRetries } = diagnosis
    out.write(`${JSON.stringify({ findings, clients, slots, libraries, sidecar, retries, otherRetries }, null, 2)}\n`)
  } else {
    out.write(`${String(diagnosis)}\n`)
    for (const finding of findings) out.write(`${styleText('red', 'problem')}  ${finding}\n`)
  }
  return findings.length === 0 ? 0 : 1
}

interface Visit {
  readonly diagnosis: Diagnosis
  readonly findings: readonly string[]
}

async function visitTo(directory: string): Promise<Visit> {
  let mesh: Mesh | undefined
  try {
    const settings = readSettings({ env: process.env, directory })
    mesh = settings.mode === 'off' ? undefined : await meshOf(settings, directory)
    const diagnosis = await diagnosisOf(mesh, directory)
    const refused = mesh?.status().problems.filter(({ severity }) => severity === 'error') ?? []
    const off = settings.mode === 'off' ? ['PROXYLESS_MODE is off: nothing is meshed'] : []
    return {
      diagnosis,
      findings: [...off, ...refused.map(({ resource, path, message }) => `${resource} ${path}: ${message}`)],
    }
  } catch (error) {
    return {
      diagnosis: await diagnosisOf(undefined, directory),
      findings: [error instanceof Error ? error.message : String(error)],
    }
  } finally {
    await mesh?.close()
  }
}

async function meshOf({ options, install: { fetch, http, grpc }, mode }: Settings, directory: string): Promise<Mesh> {
  const mesh = await createMesh(options)
  const grpcOf = grpc ? await applicationsGrpc([join(directory, 'main.js')]) : undefined
  mesh.install({ fetch, http, grpc: grpcOf, mode: mode === 'observe' ? 'observe' : 'enforce' })
  return mesh
}

async function diagnosisOf(mesh: Mesh | undefined, directory: string): Promise<Diagnosis> {
  if (mesh !== undefined) return mesh.doctor({ directory })
  return diagnose({ installation: undefined, retries: true, heads: [], observed: [], directory })
}
