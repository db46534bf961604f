// A call as grpc-js' channels make and its clients use it; an added method shows when this is compiled.
import type { experimental } from '@grpc/grpc-js'

export type CallStream = experimental.CallStream
export type MessageContext = Parameters<CallStream['sendMessageWithContext']>[0]
export type CallListener = Parameters<CallStream['start']>[1]
