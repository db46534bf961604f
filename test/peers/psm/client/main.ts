// Our xds_interop_client: calls a target of `xds:///` through a mesh whose bootstrap GRPC_XDS_BOOTSTRAP names, and answers who asks how it fares.
// Prints {"stats_port":PORT} once it serves; a driver in Node that goes away ends it.
import {
  addAdminServicesToServer,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js'
import { registerMesh } from '@proxyless/grpc'
import { addClientStatusService } from '@proxyless/xds'
import { createMesh, xds } from 'proxyless'
import { Calls } from './calls.ts'
import { readFlags } from './flags.ts'
import { type ConfigureRequest, ConfigureService, type StatsRequest, StatsService } from './messages.ts'
import { configured, mixOf } from './mix.ts'
import { Statistics } from './statistics.ts'

process.once('disconnect', () => process.exit(0))

const flags = readFlags(process.argv.slice(2))
const timeoutMs = Number(flags.rpc_timeout_sec) * 1000
registerMesh(await createMesh({ config: xds() }))
const statistics = new Statistics()
const calls = new Calls(flags, mixOf(flags.rpc, flags.metadata, timeoutMs), statistics)

const server = new Server()
server.addService(StatsService, {
  GetClientStats: ({ request }: ServerUnaryCall<StatsRequest, object>, answer: sendUnaryData<object>) =>
    statistics.next(request, (collected) => answer(null, collected)),
  GetClientAccumulatedStats: (_call: unknown, answer: sendUnaryData<object>) => answer(null, statistics.accumulated()),
})
server.addService(ConfigureService, {
  Configure: ({ request }: ServerUnaryCall<ConfigureRequest, object>, answer: sendUnaryData<object>) => {
    calls.mix = configured(request, timeoutMs)
    answer(null, {})
  },
})
addClientStatusService(server)
// channelz
addAdminServicesToServer(server)
server.bindAsync(`0.0.0.0:${flags.stats_port}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  console.log(JSON.stringify({ stats_port: port }))
  calls.begin()
})
