// What this door can ask endpoints: HTTP and TCP. Given to the mesh by the front door; gRPC comes with its own door.
import type { HealthProbers } from '@proxyless/core/spi'
import { HttpProbe } from './http-probe.ts'
import { TcpProbe } from './tcp-probe.ts'

export const healthProbers: HealthProbers = {
  http: (check, endpoint, cluster) => new HttpProbe(check, endpoint, cluster),
  tcp: (check, endpoint, cluster) => new TcpProbe(check, endpoint, cluster),
}
