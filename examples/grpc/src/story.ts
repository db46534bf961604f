// The steps of the story: what is done, what was measured of it, and whether that is what should be.
import { Metadata } from '@grpc/grpc-js'
import type { RatingsClient, Stars, Summary } from './messages.ts'
import type { RatingsServer } from './ratings-server.ts'

export interface Stage {
  readonly client: RatingsClient
  readonly servers: readonly RatingsServer[]
}

export interface Step {
  readonly title: string
  readonly expected: string
  readonly run: (stage: Stage) => Promise<{ readonly measured: string; readonly good: boolean }>
}

const rates: readonly Stars[] = [1, 2, 6].map((stars) => ({ reviewer: 'you', stars }))

export const steps: readonly Step[] = [
  {
    title: 'A unary call, twice: round robin over two instances',
    expected: 'v1-a and v1-b, two ratings each',
    async run({ client }) {
      const answers = [await summarize(client), await summarize(client)]
      const instances = answers.map(({ instance }) => instance).toSorted()
      const good = instances.join() === 'v1-a,v1-b' && answers.every(({ ratings }) => ratings === 2)
      return { measured: `${instances.join(' and ')}, ${answers.map(({ ratings }) => ratings).join(' and ')}`, good }
    },
  },
  {
    title: 'The server streams',
    expected: 'two ratings, 5 and 4 stars',
    async run({ client }) {
      const stars = (await all<Stars>(client.List({ id: 1 }))).map((each) => each.stars)
      return { measured: stars.join(' and '), good: stars.join() === '5,4' }
    },
  },
  {
    title: 'The client streams',
    expected: 'three ratings, 3 stars on average',
    async run({ client }) {
      const { ratings, mean } = await answered<Summary>((done) => {
        const stream = client.Rate(done)
        for (const each of rates) stream.write(each)
        stream.end()
      })
      return { measured: `${ratings} ratings, ${mean}`, good: ratings === 3 && mean === 3 }
    },
  },
  {
    title: 'Both stream',
    expected: 'an average after each rating: 1, 1.5 and 3',
    async run({ client }) {
      const stream = client.Discuss()
      for (const each of rates) stream.write(each)
      stream.end()
      const means = (await all<Summary>(stream)).map(({ mean }) => mean)
      return { measured: means.join(', '), good: means.join() === '1,1.5,3' }
    },
  },
  {
    title: 'One instance answers UNAVAILABLE',
    expected: '10 of 10 calls succeed at the other, by retries',
    async run({ client, servers }) {
      const [sick] = servers
      if (sick === undefined) return { measured: 'no server', good: false }
      const before = sick.calls
      sick.failing = true
      const instances = new Set<string>()
      for (let i = 0; i < 10; i++) instances.add((await summarize(client)).instance)
      sick.failing = false
      const good = [...instances].join() === 'v1-b' && sick.calls > before
      return { measured: `10 answers by ${[...instances].join()}, ${sick.calls - before} tries elsewhere`, good }
    },
  },
  {
    title: 'A rule by path and metadata: nobody may rate',
    expected: 'PERMISSION_DENIED for end-user nobody, from the mesh itself',
    async run({ client, servers }) {
      const metadata = new Metadata()
      metadata.set('end-user', 'nobody')
      const before = servers.map(({ calls }) => calls).join()
      const code = await new Promise<number>((resolve) => {
        client.Rate(metadata, (error) => resolve(error?.code ?? 0))
      })
      return { measured: `status ${code}`, good: code === 7 && before === servers.map(({ calls }) => calls).join() }
    },
  },
]

function summarize(client: RatingsClient): Promise<Summary> {
  return answered((done) => client.Summarize({ id: 1 }, done))
}

function answered<T>(call: (done: (error: Error | null, answer?: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, answer) => {
      if (error !== null) reject(error)
      else if (answer === undefined) reject(new Error('no answer'))
      else resolve(answer)
    })
  })
}

async function all<T>(stream: AsyncIterable<unknown>): Promise<T[]> {
  const messages: T[] = []
  for await (const message of stream) messages.push(message as T)
  return messages
}
