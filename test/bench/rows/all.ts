// Every bench, in the order of the table.
import type { Bench } from '../harness/bench.ts'
import { callBenches } from './calls.ts'
import { layerInstructions, layerTime } from './layer.ts'

export const benches: readonly Bench[] = [...callBenches, layerTime, layerInstructions]
