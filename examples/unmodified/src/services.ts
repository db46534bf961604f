// The services that the application calls: reviews over HTTP and ratings over gRPC, each in two versions, the first with an instance that is dying.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js'
import { ratingsService } from './ratings-service.ts'

export interface Instance {
  readonly version: string
  readonly port: number
  /** Calls that have reached it. */
  readonly seen: number
  close(): Promise<void>
}

export interface Services {
  readonly reviews: readonly Instance[]
  readonly ratings: readonly Instance[]
  /** The instances that answer nothing but errors. */
  readonly dying: readonly Instance[]
  close(): Promise<void>
}

export async function startServices(): Promise<Services> {
  const reviews = await Promise.all([startReviews('v1'), startReviews('v1', true), startReviews('v2')])
  const ratings = await Promise.all([startRatings('v1'), startRatings('v1', true), startRatings('v2')])
  const all = [...reviews, ...ratings]
  return {
    reviews,
    ratings,
    dying: [reviews[1], ratings[1]],
    async close() {
      await Promise.all(all.map((instance) => instance.close()))
    },
  }
}

async function startReviews(version: string, dying = false): Promise<Instance> {
  let seen = 0
  const server = createServer((request, response) => {
    seen++
    request.resume()
    response.statusCode = dying ? 503 : 200
    response.end(dying ? 'dying' : `reviews ${version}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    version,
    port: (server.address() as AddressInfo).port,
    get seen() {
      return seen
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function startRatings(version: string, dying = false): Promise<Instance> {
  let seen = 0
  const server = new Server()
  server.addService(ratingsService, {
    get(_call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
      seen++
      if (dying) answer({ code: status.UNAVAILABLE, details: 'dying' })
      else answer(null, Buffer.from(`ratings ${version}`))
    },
  })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    ),
  )
  return {
    version,
    port,
    get seen() {
      return seen
    },
    close() {
      server.forceShutdown()
      return Promise.resolve()
    },
  }
}
