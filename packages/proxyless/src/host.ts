// What the process gives to an engine: time, chance, names, patterns, ids. For those who build a front door of their own.
export { EventLoopWatch } from './host/event-loop.ts'
export { processClock } from './host/process-clock.ts'
export { processRandom } from './host/process-random.ts'
export { regexEngine } from './host/regex.ts'
export { requestIds } from './host/request-ids.ts'
export { processResolver } from './host/resolver.ts'
