// Which requests are calls of gRPC (Envoy Grpc::Common::isGrpcRequestHeaders): gRPC-web is none.
import { nameBit } from '../route/header-list.ts'
import type { HeaderLines, RequestView } from '../route/request-view.ts'

const grpcType = 'application/grpc'
const contentTypeBit = nameBit('content-type')

export function isGrpc(view: RequestView): boolean {
  return (view.headerBits & contentTypeBit) !== 0 && isGrpcType(view.header('content-type'))
}

/** Of a request's `content-type`. */
export function isGrpcType(type: HeaderLines): boolean {
  if (typeof type !== 'string' || !type.startsWith(grpcType)) return false
  const next = type[grpcType.length]
  return next === undefined || next === '+' || next === ';'
}
