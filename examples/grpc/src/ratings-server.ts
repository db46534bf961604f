// One instance of the ratings service. It knows of no mesh.
import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js'
import { type Book, Ratings, type Stars, type Summary } from './messages.ts'

const known: readonly Stars[] = [
  { reviewer: 'Reviewer1', stars: 5 },
  { reviewer: 'Reviewer2', stars: 4 },
]

export class RatingsServer {
  readonly instance: string
  port = 0
  /** Calls that have come so far. */
  calls = 0
  /** It answers UNAVAILABLE. */
  failing = false
  readonly #server = new Server()

  constructor(instance: string) {
    this.instance = instance
    this.#server.addService(Ratings.service, {
      Summarize: (_call: ServerUnaryCall<Book, Summary>, answer: sendUnaryData<Summary>) => {
        this.calls++
        if (this.failing) answer({ code: 14, details: `${instance} is not well` })
        else answer(null, this.#summaryOf(known))
      },
      List: (call: ServerWritableStream<Book, Stars>) => {
        this.calls++
        for (const stars of known) call.write({ ...stars, instance })
        call.end()
      },
      Rate: (call: ServerReadableStream<Stars, Summary>, answer: sendUnaryData<Summary>) => {
        this.calls++
        const given: Stars[] = []
        call.on('data', (stars: Stars) => given.push(stars)).on('end', () => answer(null, this.#summaryOf(given)))
      },
      Discuss: (call: ServerDuplexStream<Stars, Summary>) => {
        this.calls++
        const given: Stars[] = []
        call.on('data', (stars: Stars) => {
          given.push(stars)
          call.write(this.#summaryOf(given))
        })
        call.on('end', () => call.end())
      },
    })
  }

  async start(): Promise<void> {
    this.port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      )
    })
  }

  stop(): void {
    this.#server.forceShutdown()
  }

  #summaryOf(given: readonly Stars[]): Summary {
    const sum = given.reduce((total, { stars }) => total + stars, 0)
    return { ratings: given.length, mean: sum / given.length, instance: this.instance }
  }
}
