// etcd, kube-apiserver and istiod, unmodified, from the Go modules that binaries/go.mod pins: one module, so that they share what they compile.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { goBinaries } from '../go-binaries.ts'

/** Cold, on one busy core, with its 1 GB of modules to fetch. */
const buildTimeoutMs = 3_000_000

const sources = fileURLToPath(new URL('binaries', import.meta.url))
const version = 'k8s.io/component-base/version'

export interface Binaries {
  readonly etcd: string
  readonly apiServer: string
  readonly istiod: string
  /** Istio's definitions of its resources, as YAML. */
  readonly definitions: string
}

/** Undefined where the machine cannot have them, which is a failure with PEERS=require. */
export async function istiodBinaries(): Promise<Binaries | undefined> {
  const folder = await goBinaries({
    name: 'istiod',
    sources,
    packages: {
      etcd: 'go.etcd.io/etcd/server/v3',
      istiod: 'istio.io/istio/pilot/cmd/pilot-discovery',
      'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
    },
    // the API server asks its own version what it must still serve
    flags: [
      `-ldflags=-s -w -X ${version}.gitVersion=v1.36.1 -X ${version}.gitMajor=1 -X ${version}.gitMinor=36 -X ${version}.gitTreeState=clean`,
    ],
    timeoutMs: buildTimeoutMs,
  })
  if (folder === undefined) return undefined
  const definitions = join(folder, 'definitions.yaml')
  if (!existsSync(definitions)) keepDefinitions(definitions)
  return {
    etcd: join(folder, 'etcd'),
    apiServer: join(folder, 'kube-apiserver'),
    istiod: join(folder, 'istiod'),
    definitions,
  }
}

/** Beside the binaries: the module they are from may be cleaned away. */
function keepDefinitions(path: string): void {
  const answer = execFileSync('go', ['mod', 'download', '-json', 'istio.io/istio'], { cwd: sources, encoding: 'utf8' })
  const { Dir } = JSON.parse(answer) as { Dir: string }
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, readFileSync(join(Dir, 'manifests/charts/base/files/crd-all.gen.yaml')))
  renameSync(draft, path)
}
