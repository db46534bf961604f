// OpenTelemetry for a mesh: spans and metrics of calls, where an application has its API and an SDK. Loading it needs the API.
export { followCalls, type FollowOptions } from './follow.ts'
