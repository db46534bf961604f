// What grpc-js calls itself on the wire: conditions of routes may ask for it.
import { createRequire } from 'node:module'
import type { ChannelOptions } from '@grpc/grpc-js'

const { version } = createRequire(import.meta.url)('@grpc/grpc-js/package.json') as { version: string }
const known = new WeakMap<ChannelOptions, string>()

export function userAgent(options: ChannelOptions): string {
  let agent = known.get(options)
  if (agent === undefined) {
    const parts = [options['grpc.primary_user_agent'], `grpc-node-js/${version}`, options['grpc.secondary_user_agent']]
    agent = parts.filter((part) => part !== undefined && part !== '').join(' ')
    known.set(options, agent)
  }
  return agent
}
