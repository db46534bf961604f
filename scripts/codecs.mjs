// Makes packages/xds/src/generated, the codecs of xDS messages, when they are missing or their recipe changed (3 s).
// The .proto files lie in devDependencies, and those of Istio in packages/xds/protos; what is not reachable from the messages named here is left out.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './run.mjs'

const modules = join(root, 'node_modules')
const target = join(root, 'packages', 'xds', 'src', 'generated')
const mark = join(target, '.made-from')

/** Message types by the .proto file that holds them. */
const wanted = {
  'envoy/service/discovery/v3/discovery.proto': [
    'DiscoveryRequest',
    'DiscoveryResponse',
    'DeltaDiscoveryRequest',
    'DeltaDiscoveryResponse',
  ],
  'envoy/service/load_stats/v3/lrs.proto': ['LoadStatsRequest', 'LoadStatsResponse'],
  'envoy/service/status/v3/csds.proto': ['ClientStatusRequest', 'ClientStatusResponse'],
  'envoy/config/listener/v3/listener.proto': ['Listener'],
  'envoy/config/route/v3/route.proto': ['RouteConfiguration'],
  'envoy/config/route/v3/route_components.proto': ['FilterConfig'],
  'envoy/config/cluster/v3/cluster.proto': ['Cluster'],
  'envoy/config/endpoint/v3/endpoint.proto': ['ClusterLoadAssignment'],
  'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto': [
    'HttpConnectionManager',
  ],
  'envoy/extensions/filters/http/fault/v3/fault.proto': ['HTTPFault'],
  'envoy/extensions/transport_sockets/tls/v3/tls.proto': ['UpstreamTlsContext'],
  'envoy/extensions/upstreams/http/v3/http_protocol_options.proto': ['HttpProtocolOptions'],
  'envoy/extensions/clusters/aggregate/v3/cluster.proto': ['ClusterConfig'],
  'envoy/extensions/load_balancing_policies/client_side_weighted_round_robin/v3/client_side_weighted_round_robin.proto':
    ['ClientSideWeightedRoundRobin'],
  'envoy/extensions/load_balancing_policies/least_request/v3/least_request.proto': ['LeastRequest'],
  'envoy/extensions/load_balancing_policies/maglev/v3/maglev.proto': ['Maglev'],
  'envoy/extensions/load_balancing_policies/random/v3/random.proto': ['Random'],
  'envoy/extensions/load_balancing_policies/ring_hash/v3/ring_hash.proto': ['RingHash'],
  'envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.proto': ['RoundRobin'],
  'envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality.proto': ['WrrLocality'],
  'xds/type/v3/typed_struct.proto': ['TypedStruct'],
}

const options = [
  'enumsAsLiterals=true',
  'importSuffix=.ts',
  'oneof=unions-value',
  'outputServices=none',
  'outputJsonMethods=false',
  'outputPartialMethods=true',
  'comments=false',
  'useExactTypes=false',
  'exportCommonSymbols=false',
]

/** Annotations for validators and documentation, and what only servers read. */
const left = [
  'validate',
  'udpa.annotations',
  'xds.annotations.v3',
  'envoy.annotations',
  'envoy.config.accesslog.v3',
  'envoy.config.trace.v3',
  'envoy.config.listener.v3.QuicProtocolOptions',
  'envoy.config.core.v3.QuicProtocolOptions',
  'envoy.service.status.v3.PerXdsConfig',
]

const descriptorsPlugin = join(root, 'packages', 'xds', 'scripts', 'descriptors.mjs')

/** Istio's messages, which are only read and only as JSON (written by test/peers/istiod/messages). */
const istio = join(root, 'packages', 'xds', 'protos')

const packageOf = (file) => file.slice(0, file.lastIndexOf('/')).replaceAll('/', '.')
const grpc = '@grpc'
const from = (name) => `${grpc}/${name}`

const config = {
  version: 'v2',
  modules: [
    { path: from('grpc-js-xds/deps/envoy-api') },
    { path: from('grpc-js-xds/deps/xds') },
    { path: from('grpc-js-xds/deps/googleapis') },
    { path: '.cache/codecs' },
  ],
}

const template = (out) => ({
  version: 'v2',
  inputs: [
    {
      directory: '.',
      types: Object.entries(wanted).flatMap(([file, names]) => names.map((name) => `${packageOf(file)}.${name}`)),
      exclude_types: left,
      paths: Object.keys(wanted).map((file) =>
        file.startsWith('envoy/') ? from(`grpc-js-xds/deps/envoy-api/${file}`) : from(`grpc-js-xds/deps/xds/${file}`),
      ),
    },
  ],
  plugins: [
    {
      local: [process.execPath, join(modules, 'ts-proto', 'protoc-gen-ts_proto')],
      out,
      strategy: 'all',
      include_imports: true,
      include_wkt: true,
      opt: options,
    },
    descriptorsInto(out),
  ],
})

const descriptorsInto = (out) => ({
  local: [process.execPath, descriptorsPlugin],
  out,
  strategy: 'all',
  include_imports: true,
  include_wkt: true,
})

/** A recipe is this file and the versions of what it runs on. */
function recipe() {
  const versions = ['@bufbuild/buf', '@grpc/grpc-js', '@grpc/grpc-js-xds', 'ts-proto'].map((name) => {
    return JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).version
  })
  return createHash('sha256')
    .update(readFileSync(new URL(import.meta.url)))
    .update(readFileSync(descriptorsPlugin))
    .update(
      protosOf(istio)
        .map((file) => `${file} ${readFileSync(join(istio, file), 'utf8')}`)
        .join(),
    )
    .update(versions.join())
    .digest('hex')
}

function protosOf(directory) {
  return readdirSync(directory, { recursive: true })
    .filter((file) => file.endsWith('.proto'))
    .toSorted((a, b) => (a < b ? -1 : 1))
}

function buf() {
  const name = readdirSync(join(modules, '@bufbuild')).find((each) => each.startsWith('buf-'))
  if (name === undefined) throw new Error('@bufbuild/buf has no binary for this platform')
  return join(modules, '@bufbuild', name, 'bin', process.platform === 'win32' ? 'buf.exe' : 'buf')
}

/** The validate.proto at hand lacks a field that the messages' annotations set. */
function completeValidate() {
  const path = 'validate/validate.proto'
  const text = readFileSync(join(modules, from('grpc-js-xds/deps/protoc-gen-validate'), path), 'utf8')
  const whole = text.replaceAll(/^message (\w+Rules) \{$/gm, (line, name) => {
    const rules = text.slice(text.indexOf(line), text.indexOf('\n}', text.indexOf(line)))
    return name === 'FieldRules' || rules.includes('ignore_empty') ? line : `${line}\noptional bool ignore_empty = 99;`
  })
  mkdirSync(join(modules, '.cache', 'codecs', 'validate'), { recursive: true })
  writeFileSync(join(modules, '.cache', 'codecs', path), whole)
}

function make(hash) {
  completeValidate()
  const fresh = `${target}.new`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { recursive: true })
  generate(modules, ['--config', JSON.stringify(config)], template(fresh))
  generate(istio, [], { version: 'v2', inputs: [{ directory: '.' }], plugins: [descriptorsInto(join(fresh, 'istio'))] })
  for (const file of readdirSync(fresh, { recursive: true })) {
    if (!file.endsWith('.ts')) continue
    const path = join(fresh, file)
    writeFileSync(path, `// @ts-nocheck generated by scripts/codecs.mjs\n${readFileSync(path, 'utf8')}`)
  }
  writeFileSync(join(fresh, '.made-from'), hash)
  rmSync(target, { recursive: true, force: true })
  renameSync(fresh, target)
}

function generate(cwd, args, made) {
  const all = ['generate', ...args, '--template', JSON.stringify(made)]
  const { status, stdout, stderr } = spawnSync(buf(), all, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${stdout}${stderr}`)
}

const hash = recipe()
if (!existsSync(mark) || readFileSync(mark, 'utf8') !== hash) {
  process.stderr.write('setup: codecs ... ')
  const start = Date.now()
  try {
    make(hash)
  } catch (error) {
    process.stderr.write(`failed\n${error.message}\n`)
    process.exit(1)
  }
  process.stderr.write(`${((Date.now() - start) / 1000).toFixed(1)} s\n`)
}
