// For clients of which only the target can be set: `mesh:///ratings:9080`, or `xds:///ratings:9080` where other gRPC clients use xDS.
import { house, type Housed } from '@proxyless/core/spi'
import { channelModule, exchangeChannels } from './channel-module.ts'
import { copyFrom } from './copy.ts'
import { MeshChannel } from './mesh-channel.ts'

const schemes = /^(mesh|xds):\/\//i

/**
 * Clients made from now on whose target is `mesh:///name` or `xds:///name` go through this mesh, until the result is disposed of.
 * @param from a file of the application, where it has a copy of grpc-js of its own
 * @throws Error when no grpc-js is found
 */
export function registerMesh(mesh: Housed, from: string | URL = import.meta.url): Disposable {
  const copy = copyFrom(from)
  const undo = exchangeChannels(channelModule(from), (_plain, target, credentials, options) =>
    schemes.test(target) ? new MeshChannel(mesh[house], target, credentials, options, copy) : undefined,
  )
  return { [Symbol.dispose]: undo }
}
