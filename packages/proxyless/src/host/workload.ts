// Who is calling: what the environment tells about the workload this process is part of.
// Defaults only; what the application says itself is laid over it by createMesh.
import { readFile } from 'node:fs/promises'

/** What documents can select a caller by. */
export interface EnvironmentWorkload {
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
  readonly serviceAccount?: string
  readonly locality?: { readonly region: string; readonly zone: string; readonly subzone: string }
  readonly cluster?: string
  readonly instance?: string
}

/** The process's variables and files. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The text of a file; undefined when it cannot be read. */
  readText(path: string): Promise<string | undefined>
}

const serviceAccountNamespace = '/var/run/secrets/kubernetes.io/serviceaccount/namespace'
const podLabels = '/etc/podinfo/labels'

/**
 * Reads the workload from the environment. An empty variable counts as unset.
 *
 * | what           | from                                                                                             |
 * | -------------- | ------------------------------------------------------------------------------------------------ |
 * | namespace      | `POD_NAMESPACE`, else the file of the mounted service account, else `default`                      |
 * | labels         | `ISTIO_METAJSON_LABELS` (a JSON object), else `POD_LABELS` (`k=v,k=v`), else a downward API file:  |
 * |                | the one named by `PROXYLESS_LABELS_FILE`, or `/etc/podinfo/labels`                                 |
 * | serviceAccount | `SERVICE_ACCOUNT`                                                                                  |
 * | locality       | `PROXYLESS_LOCALITY`: `region/zone/subzone`, the latter two optional                               |
 * | cluster        | `ISTIO_META_CLUSTER_ID`                                                                            |
 * | instance       | `POD_NAME`, else `HOSTNAME`                                                                        |
 */
export async function workloadFromEnvironment(from: Surroundings = surroundings()): Promise<EnvironmentWorkload> {
  const said = (name: string): string | undefined => from.env[name]?.trim() || undefined
  const serviceAccount = said('SERVICE_ACCOUNT')
  const cluster = said('ISTIO_META_CLUSTER_ID')
  const locality = said('PROXYLESS_LOCALITY')
  const instance = said('POD_NAME') ?? said('HOSTNAME')
  const namespace = said('POD_NAMESPACE') ?? (await from.readText(serviceAccountNamespace))?.trim()
  return {
    namespace: namespace || 'default',
    labels: await readLabels(from, said),
    ...(serviceAccount !== undefined && { serviceAccount }),
    ...(locality !== undefined && { locality: parseLocality(locality) }),
    ...(cluster !== undefined && { cluster }),
    ...(instance !== undefined && { instance }),
  }
}

async function readLabels(
  from: Surroundings,
  said: (name: string) => string | undefined,
): Promise<Readonly<Record<string, string>>> {
  const json = said('ISTIO_METAJSON_LABELS')
  if (json !== undefined) return parseJsonLabels(json)
  const list = said('POD_LABELS')
  if (list !== undefined) return pairs(list.split(','))
  const file = await from.readText(said('PROXYLESS_LABELS_FILE') ?? podLabels)
  return file === undefined ? {} : pairs(file.split('\n'))
}

function parseJsonLabels(json: string): Readonly<Record<string, string>> {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch (cause) {
    throw new Error(`ISTIO_METAJSON_LABELS is not JSON: ${json}`, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`ISTIO_METAJSON_LABELS is not a JSON object: ${json}`)
  }
  return Object.fromEntries(Object.entries(value).map(([key, label]) => [key, String(label)]))
}

/** `key=value` each; a value may be quoted, as the downward API writes it. */
function pairs(lines: readonly string[]): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  for (const line of lines) {
    const equals = line.indexOf('=')
    if (equals <= 0) continue
    labels[line.slice(0, equals).trim()] = unquote(line.slice(equals + 1).trim())
  }
  return labels
}

function unquote(value: string): string {
  return /^".*"$/.test(value) ? value.slice(1, -1).replace(/\\(["\\])/g, '$1') : value
}

/** `region/zone/subzone`, the latter two optional. */
export function parseLocality(text: string): { region: string; zone: string; subzone: string } {
  const [region = '', zone = '', subzone = ''] = text.split('/')
  return { region, zone, subzone }
}

function surroundings(): Surroundings {
  return {
    env: process.env,
    readText: (path) => readFile(path, 'utf8').catch(() => undefined),
  }
}
