// @proxyless/control-plane: Pilot's role. Istio documents in, xDS and a feed of documents out.
export type { RefusalRecord } from './ads/refusals.ts'
export {
  type ControlPlane,
  type ControlPlaneObserver,
  type ControlPlaneOptions,
  startControlPlane,
} from './control-plane.ts'
