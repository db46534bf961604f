// @proxyless/control-plane
export { Session } from './ads/session.ts'
export { delta } from './ads/delta.ts'
export { stateOfTheWorld } from './ads/sotw.ts'
