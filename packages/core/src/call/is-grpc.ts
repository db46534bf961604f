// Which requests are calls of gRPC (Envoy Grpc::Common::isGrpcRequestHeaders): gRPC-web is none.
import { nameBit } from '../route/header-list.ts'
import type { HeaderLines, RequestView } from '../route/request-view.ts'

const contentTypeBit = nameBit('content-type')

export function isGrpc(view: RequestView): boolean {
  return (view.headerBits & contentTypeBit) !== 0 && isGrpcType(view.header('content-type'))
}

/** Of a request's `content-type`. */
export function isGrpcType(type: HeaderLines): boolean {
  return typeof type === 'string' && /^application\/grpc($|[+;])/.test(type)
}
