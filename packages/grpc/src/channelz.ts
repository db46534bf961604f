// A mesh channel as channelz shows it: target, state, calls, and as subchannels the connections that its calls use.
// How to get there is not public, and so since grpc-js 1.4; where it is not found, channelz shows the connections alone.
import { createRequire } from 'node:module'
import { type ChannelInterface, getChannelzHandlers, status as codes } from '@grpc/grpc-js'
import type { Connectivity } from './connectivity.ts'
import type { Line } from './line.ts'

export type ChannelzRef = ReturnType<ChannelInterface['getChannelzRef']>

interface CallTracker {
  addCallStarted(): void
  addCallSucceeded(): void
  addCallFailed(): void
}

interface ChannelzModule {
  registerChannelzChannel(name: string, info: () => object, enabled: boolean): ChannelzRef
  unregisterChannelzRef(ref: ChannelzRef): void
  ChannelzTrace: new () => { addTrace(severity: string, description: string): void }
  ChannelzCallTracker: new () => CallTracker
  ChannelzChildrenTracker: new () => { refChild(child: object): void; getChildLists(): object }
}

export class ChannelzEntry {
  readonly ref: ChannelzRef
  readonly #module: ChannelzModule | undefined
  readonly #calls: CallTracker | undefined

  constructor(target: string, connectivity: Connectivity, enabled: boolean) {
    const module = enabled ? channelzModule() : undefined
    this.#module = module
    if (module === undefined) {
      this.ref = { kind: 'channel' as ChannelzRef['kind'], id: 0, name: target }
      return
    }
    const callTracker = new module.ChannelzCallTracker()
    const trace = new module.ChannelzTrace()
    trace.addTrace('CT_INFO', 'Channel created')
    const children = (): object => {
      const tracker = new module.ChannelzChildrenTracker()
      for (const line of connectivity.lines) for (const child of subchannelsOf(line)) tracker.refChild(child)
      return tracker.getChildLists()
    }
    const info = (): object => ({ target, state: connectivity.state, trace, callTracker, children: children() })
    this.#calls = callTracker
    this.ref = module.registerChannelzChannel(target, info, true)
  }

  callStarted(): void {
    this.#calls?.addCallStarted()
  }

  callEnded(code: codes): void {
    if (code === codes.OK) this.#calls?.addCallSucceeded()
    else this.#calls?.addCallFailed()
  }

  close(): void {
    this.#module?.unregisterChannelzRef(this.ref)
  }
}

let found: ChannelzModule | false | undefined

function channelzModule(): ChannelzModule | undefined {
  if (found === undefined) {
    try {
      found = createRequire(import.meta.url)('@grpc/grpc-js/build/src/channelz.js') as ChannelzModule
    } catch {
      found = false
    }
  }
  return found === false ? undefined : found
}

type GetChannel = ReturnType<typeof getChannelzHandlers>['GetChannel']

/** A connection is a channel of grpc-js, and has one. */
function subchannelsOf({ channelz }: Line): object[] {
  const children: object[] = []
  if (channelz === undefined) return children
  const call = { request: { channel_id: String(channelz.id) } } as unknown as Parameters<GetChannel>[0]
  getChannelzHandlers().GetChannel(call, (_error, answer) => {
    for (const { subchannel_id, name } of answer?.channel?.subchannel_ref ?? []) {
      children.push({ kind: 'subchannel', id: Number(subchannel_id), name })
    }
  })
  return children
}
