import { createMesh } from '/tmp/grpcwt/packages/proxyless/dist/index.js'
import { meshChannel } from '/tmp/grpcwt/packages/grpc/dist/index.js'
import {
  byGrpc,
  grpcClient,
  roundRobin,
  startGrpcUpstream,
} from '/tmp/grpcwt/test/bench/dist/bench/world/grpc-calls.js'
import { reviewsConfig, authority } from '/tmp/grpcwt/test/bench/dist/bench/world/reviews.js'
import { GivenSource } from '/tmp/grpcwt/test/bench/dist/kit/given-source.js'
import { runRounds, ratioOf } from '/tmp/grpcwt/test/bench/dist/bench/harness/rounds.js'
import { Channel, credentials } from '@grpc/grpc-js'
const up = await startGrpcUpstream()
const c = Number(process.argv[2] ?? 1)
const cfg = reviewsConfig(up.ports)
const cl = cfg.clusters.get('reviews')
const rrCfg = {
  ...cfg,
  clusters: new Map([['reviews', { ...cl, loadBalancer: { kind: 'roundRobin' }, outlierDetection: undefined }]]),
}
const opt = { requestId: false, attemptCount: false }
const mesh = await createMesh({ config: new GivenSource(cfg), ...opt })
const mesh2 = await createMesh({ config: new GivenSource(rrCfg), ...opt })
const noTimeout = {
  ...rrCfg,
  virtualHosts: rrCfg.virtualHosts.map((h) => ({
    ...h,
    routes: h.routes.map((r) => ({ ...r, action: { ...r.action, timeoutMs: 0, retry: undefined } })),
  })),
}
const mesh3 = await createMesh({ config: new GivenSource(noTimeout), ...opt })
function hand(options) {
  const channels = up.ports.map((p) => new Channel(`ipv4:127.0.0.1:${p}`, credentials.createInsecure(), options))
  let i = 0
  return grpcClient(authority, {
    channelOverride: {
      close() {
        channels.forEach((c) => c.close())
      },
      getTarget() {
        return ''
      },
      getConnectivityState() {
        return 2
      },
      watchConnectivityState() {},
      getChannelzRef() {},
      createCall(m, d, h, p, f) {
        return channels[i++ % 3].createCall(m, d, authority, p, f)
      },
    },
  })
}
const v = {
  rr: { call: byGrpc(roundRobin(up.ports)) },
  lr: { call: byGrpc(grpcClient(authority, meshChannel(mesh))) },
  meshrr: { call: byGrpc(grpcClient(authority, meshChannel(mesh2))) },
  notimeout: { call: byGrpc(grpcClient(authority, meshChannel(mesh3))) },
  handopt: {
    call: byGrpc(
      hand({
        'grpc.enable_retries': 0,
        'grpc.per_rpc_retry_buffer_size': 0,
        'grpc.service_config_disable_resolution': 1,
      }),
    ),
  },
}
const s = await runRounds(v, { rounds: 40, calls: 400, concurrency: c })
for (const k of Object.keys(v)) {
  const r = ratioOf(s[k], s.rr)
  console.log(k, r.ours.toFixed(1), r.ratio.toFixed(3), '±' + r.ci.toFixed(3))
}
process.exit()
