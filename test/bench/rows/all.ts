// Every bench, in the order of the table.
import type { Bench } from '../harness/bench.ts'
import { applyBench } from './apply.ts'
import { callBenches } from './calls.ts'
import { changeBench } from './change.ts'
import { cockatielBenches } from './cockatiel.ts'
import { documentsBench } from './documents.ts'
import { envoyBenches } from './envoy.ts'
import { garbageBench } from './garbage.ts'
import { grpcBenches } from './grpc.ts'
import { heapBench } from './heap.ts'
import { layerInstructions, layerTime } from './layer.ts'
import { otelBenches } from './otel.ts'
import { pickBench } from './pick.ts'
import { registerBenches } from './register.ts'
import { routeBenches } from './routes.ts'
import { serveBench } from './serve.ts'
import { tableBenches } from './tables.ts'
import { xdsBenches } from './xds.ts'

export const benches: readonly Bench[] = [
  ...callBenches,
  ...registerBenches,
  ...otelBenches,
  ...grpcBenches,
  ...cockatielBenches,
  ...envoyBenches,
  layerTime,
  layerInstructions,
  garbageBench,
  ...routeBenches,
  pickBench,
  ...tableBenches,
  documentsBench,
  applyBench,
  heapBench,
  changeBench,
  serveBench,
  ...xdsBenches,
]
