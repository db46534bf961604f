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
const up = await startGrpcUpstream()
const mesh = await createMesh({ config: new GivenSource(reviewsConfig(up.ports)) })
const which = process.argv[2]
const c = Number(process.argv[3] ?? 1)
const client = which === 'ours' ? grpcClient(authority, meshChannel(mesh)) : roundRobin(up.ports)
const call = byGrpc(client)
async function drive(n) {
  let left = n
  await Promise.all(
    Array.from({ length: c }, async () => {
      while (left-- > 0) await call()
    }),
  )
}
await drive(10000)
const before = process.cpuUsage()
await drive(20000)
const { user, system } = process.cpuUsage(before)
console.log(which, ((user + system) / 20000).toFixed(1))
client.close()
await mesh.close()
up.close()
