// @proxyless/control-plane: Pilot's role. Istio documents in, xDS and a feed of documents out.
export type { NackRecord } from './ads/nacks.ts'
export {
  type ControlPlane,
  type ControlPlaneObserver,
  type ControlPlaneOptions,
  startControlPlane,
} from './control-plane.ts'
