// What a server says of resources that it cannot or will not send: `resource_errors` of a response (gRFC A88, xRFC TP3).
// The messages at hand are older than this field; it is read by its number.
import { takeApart } from '../decode/pieces.ts'
import { Status } from '../generated/google/rpc/status.ts'
import { ResourceName } from '../generated/envoy/service/discovery/v3/discovery.ts'

export interface ResourceError {
  readonly name: string
  readonly message: string
  /** The resource is not there for this client; else there is trouble, and what was there before is as good as ever. */
  readonly isData: boolean
}

const codes: Readonly<Record<number, string>> = { 5: 'NOT_FOUND', 7: 'PERMISSION_DENIED', 14: 'UNAVAILABLE' }

/** @param field its number, which differs by variant. @throws where the bytes are no such messages */
export function readResourceErrors(bytes: Uint8Array, field: number): readonly ResourceError[] {
  return Array.from(takeApart(bytes, field).cut(), (each) => {
    const [name] = Array.from(takeApart(each, 1).cut(), (part) => ResourceName.decode(part).name)
    const [status] = Array.from(takeApart(each, 2).cut(), (part) => Status.decode(part))
    const { code = 2, message = '' } = status ?? {}
    const said = `${codes[code] ?? `status ${code}`}${message === '' ? '' : `: ${message}`}`
    return { name: name ?? '', message: `the server says ${said}`, isData: code === 5 || code === 7 }
  })
}
