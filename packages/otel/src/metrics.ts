// What a mesh counts and measures of itself, for Prometheus; needs nothing of OpenTelemetry.
export { metricsHandler } from './metrics/handler.ts'
export { MeshMetrics } from './metrics/mesh-metrics.ts'
export type { Source } from './metrics/names.ts'
