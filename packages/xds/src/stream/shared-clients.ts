// One client, and so one stream, for all in this process that ask the same server as the same node in the same way.
// Some servers close the stream before when the same node opens a second one.
import type { AdsClient } from './ads-client.ts'

interface Share {
  readonly client: AdsClient
  users: number
}

const shares = new Map<string, Share>()

export interface Lease {
  readonly client: AdsClient
  release(): void
}

export function leaseClient(key: string, make: () => AdsClient): Lease {
  const share = shares.get(key) ?? { client: make(), users: 0 }
  shares.set(key, share)
  share.users++
  let released = false
  return {
    client: share.client,
    release: () => {
      if (released) return
      released = true
      share.users--
      if (share.users > 0) return
      shares.delete(key)
      share.client.close()
    },
  }
}
