// What is called in each turn: methods, each with its metadata and its deadline. Exchanged as a whole at run time.
import { Metadata } from '@grpc/grpc-js'
import type { ConfigureRequest, MethodName } from './messages.ts'

export interface Wanted {
  readonly method: MethodName
  readonly metadata: Metadata
  readonly timeoutMs: number
}

const methods: Readonly<Record<string, MethodName>> = { UnaryCall: 'UNARY_CALL', EmptyCall: 'EMPTY_CALL' }

/** `UnaryCall,EmptyCall` and `UnaryCall:key:value,...`. @throws Error for another method */
export function mixOf(rpc: string, metadata: string, timeoutMs: number): readonly Wanted[] {
  const said = metadata
    .split(',')
    .map((each) => /^([^:]*):([^:]*):(.*)$/s.exec(each))
    .flatMap((found) => (found === null ? [] : [{ method: found[1], key: found[2] ?? '', value: found[3] ?? '' }]))
  return rpc.split(',').map((name) => {
    const method = methods[name]
    if (method === undefined) throw new Error(`unknown method ${name}`)
    return { method, metadata: metadataOf(said.filter((each) => each.method === name)), timeoutMs }
  })
}

export function configured({ types, metadata, timeout_sec }: ConfigureRequest, timeoutMs: number): readonly Wanted[] {
  return types.map((method) => ({
    method,
    metadata: metadataOf(metadata.filter(({ type }) => type === method)),
    timeoutMs: timeout_sec > 0 ? timeout_sec * 1000 : timeoutMs,
  }))
}

function metadataOf(pairs: readonly { readonly key: string; readonly value: string }[]): Metadata {
  const metadata = new Metadata()
  for (const { key, value } of pairs) metadata.add(key, value)
  return metadata
}
