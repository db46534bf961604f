// The engine with real time, chance and request ids but without a network: an exchange that answers at once.
import {
  type Attempt,
  type Call,
  type Exchange,
  getHeader,
  type HeaderLines,
  type HeaderList,
  Mesh,
  type MeshConfig,
  nameBits,
  type RequestView,
  SeededRandom,
} from '@proxyless/core/spi'
import { CallContext } from '@proxyless/context'
import { processClock, processRandom, regexEngine, requestIds } from 'proxyless/host'
import { GivenSource } from '../../kit/given-source.ts'
import { authority, requestHeaders, target } from './reviews.ts'

export interface StubHouse {
  readonly mesh: Mesh
  readonly source: GivenSource
}

/** With the settings that createMesh has when nothing is said. */
export async function stubHouse(config: MeshConfig): Promise<StubHouse> {
  const source = new GivenSource(config)
  const mesh = new Mesh({
    surroundings: new CallContext({ clock: processClock, inherit: [], overrides: [] }),
    source,
    clock: processClock,
    random: new SeededRandom(1),
    regex: regexEngine,
    resolver: { resolve: () => Promise.reject(new Error('no names here')) },
    settings: { trustRequestHeaders: false, requestId: requestIds(processRandom()), attemptCount: true, faults: true },
  })
  await mesh.ready()
  return { mesh, source }
}

const headerList: HeaderList = Object.entries(requestHeaders).flat()

class StubView implements RequestView {
  readonly scheme = 'http'
  readonly authority: string = authority
  readonly hostname = 'reviews.bench'
  readonly port = 9_080
  readonly method = 'GET'
  readonly target: string = target
  readonly headerBits: number = nameBits(headerList)

  header(name: string): HeaderLines {
    return getHeader(headerList, name)
  }
}

const view = new StubView()

/** Every attempt is answered with 200 before `start` returns. */
class StubExchange implements Exchange {
  readonly view: RequestView = view
  readonly body = 'complete'

  attach(_call: Call): void {
    // an attempt knows its call
  }

  replayable(): boolean {
    return true
  }

  /** Grown as a door grows it: with room for more. */
  takeHeaders(): HeaderList {
    const list: HeaderList = []
    for (let i = 0; i < headerList.length; i++) list.push(headerList[i] ?? '')
    return list
  }

  start(attempt: Attempt): void {
    attempt.ready()
    if (!attempt.head(200, undefined, false)) throw new Error('the answer was not taken')
    attempt.finished()
  }

  abort(): void {
    throw new Error('an attempt was stopped')
  }

  reply(): void {
    throw new Error('the mesh answered itself')
  }

  breakOff(error: Error): void {
    throw error
  }
}

/** As if every cluster had been called. */
export function useAll(mesh: Mesh, { clusters }: MeshConfig): Promise<void> {
  for (const name of clusters.keys()) mesh.cluster(name)
  return Promise.resolve()
}

/** Holds what is made, so that nothing is optimised away. */
const made: { exchange: StubExchange | undefined; headers: HeaderList | undefined } = {
  exchange: undefined,
  headers: undefined,
}

/** What the stub of a call allocates, without the call. */
export function makeStub(calls: number): void {
  for (let i = 0; i < calls; i++) {
    made.exchange = new StubExchange()
    made.headers = made.exchange.takeHeaders()
  }
}

export function callStub(mesh: Mesh, calls: number): void {
  for (let i = 0; i < calls; i++) callOnce(mesh)
}

/** A function of its own, that the loop around it may be compiled with it. */
function callOnce(mesh: Mesh): void {
  mesh.call(new StubExchange())
}
