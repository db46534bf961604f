// Where grpc-js' clients find the class of their channels: not public, and so since its 1.0. test/grpc holds three minors to it.
import { createRequire } from 'node:module'
import type { ChannelCredentials, ChannelInterface, ChannelOptions } from '@grpc/grpc-js'

export type MakeChannel = new (
  target: string,
  credentials: ChannelCredentials,
  options: ChannelOptions,
) => ChannelInterface

export interface ChannelModule {
  ChannelImplementation: MakeChannel
}

/** Of the copy of grpc-js that a file would load. @throws Error when it finds none */
export function channelModule(from: string | URL): ChannelModule {
  return createRequire(from)('@grpc/grpc-js/build/src/channel.js') as ChannelModule
}

/** Channels made from now on are `make`'s where it yields one. Returns what undoes it; channels made meanwhile stay as they are. */
export function exchangeChannels(
  module: ChannelModule,
  make: (plain: MakeChannel, ...given: ConstructorParameters<MakeChannel>) => ChannelInterface | undefined,
): () => void {
  const before = module.ChannelImplementation
  const exchanged = function (target: string, credentials: ChannelCredentials, options: ChannelOptions = {}) {
    return make(before, target, credentials, options) ?? new before(target, credentials, options)
  } as unknown as MakeChannel
  module.ChannelImplementation = exchanged
  return () => {
    if (module.ChannelImplementation === exchanged) module.ChannelImplementation = before
  }
}
