// Calls inherit of the request that is being answered, whatever framework answers it: FIELD 2f. Real servers, 300 requests at once.
import 'reflect-metadata'
import { connect, createServer as createHttp2Server } from 'node:http2'
import {
  Body,
  Controller,
  Get,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  Post,
  type Type,
} from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import express, { type Express } from 'express'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Mesh } from 'proxyless'
import { describe, expect, test } from 'vitest'
import { closeAfterEach, opened } from '../kit/opened.ts'
import { callBehind, meshBefore, served } from './service.ts'
import { crowd, visit } from './visitors.ts'

closeAfterEach()

type Start = (mesh: Mesh, uses: boolean) => Promise<number>

const frameworks: Readonly<Record<string, Start>> = {
  'node:http': (mesh, uses) => {
    const inherit = uses ? mesh.middleware() : undefined
    return served((request, response) => {
      const answer = (): void => {
        // in listeners, as older code has it
        request.resume().on('end', () => {
          void callBehind(mesh).then((seen) => response.end(JSON.stringify(seen)))
        })
      }
      if (inherit === undefined) answer()
      else inherit(request, response, answer)
    })
  },
  Express: (mesh, uses) => served(expressOf(mesh, uses)),
  Fastify: async (mesh, uses) => {
    const app = fastifyOf(mesh, uses)
    await app.listen({ port: 0, host: '127.0.0.1' })
    opened({ close: () => app.close() })
    return (app.server.address() as { port: number }).port
  },
  NestJS: async (mesh, uses) => {
    const app = await nestOf(mesh, uses)
    await app.listen(0, '127.0.0.1')
    opened({ close: () => app.close() })
    return (app.getHttpServer() as { address(): { port: number } }).address().port
  },
}

describe.each(Object.entries(frameworks))('%s', (_, start) => {
  test.each([
    ['without a line of code', true, false],
    ['by middleware', false, true],
    ['by both', true, true],
  ])('300 requests over kept connections keep what is theirs, %s', async (_how, inbound, uses) => {
    const port = await start(await meshBefore({ inbound }), uses)
    const { visits, expected } = crowd(300)
    expect(await visit(port, visits)).toEqual(expected)
  })

  test('nothing is inherited where nobody asks for it', async () => {
    const port = await start(await meshBefore({ inbound: false }), false)
    const [seen] = await visit(port, [{ headers: { 'end-user': 'jason', 'x-request-id': 'mine' } }])
    expect(seen?.endUser).toBeUndefined()
    expect(seen?.requestId).not.toBe('mine')
  })
})

// Node 20 does not tell of streams
const untold = process.version.startsWith('v20.')

describe('HTTP/2', () => {
  test('by middleware', () => visitOverHttp2(false))
  test.skipIf(untold)('without a line of code', () => visitOverHttp2(true))
})

async function visitOverHttp2(inbound: boolean): Promise<void> {
  const mesh = await meshBefore({ inbound })
  const inherit = inbound ? undefined : mesh.middleware()
  const server = createHttp2Server((request, response) => {
    const answer = (): void => {
      request.resume().on('end', () => {
        void callBehind(mesh).then((seen) => response.end(JSON.stringify(seen)))
      })
    }
    if (inherit === undefined) answer()
    else inherit(request, response, answer)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const client = connect(`http://127.0.0.1:${port}`)
  opened({
    close: async () => {
      client.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  })
  const users = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const stream = client.request({ ':method': 'POST', 'end-user': `user-${i}` })
      stream.end('body')
      return (JSON.parse(Buffer.concat(await stream.toArray()).toString()) as { endUser: string }).endUser
    }),
  )
  expect(users).toEqual(Array.from({ length: 50 }, (_, i) => `user-${i}`))
}

function expressOf(mesh: Mesh, uses: boolean): Express {
  const app = express()
  if (uses) app.use(mesh.middleware())
  app.use(express.json())
  app.all('/', async (_request, response) => {
    response.json(await callBehind(mesh))
  })
  return app
}

function fastifyOf(mesh: Mesh, uses: boolean): FastifyInstance {
  const app = Fastify()
  if (uses) app.addHook('onRequest', mesh.middleware())
  app.all('/', () => callBehind(mesh))
  return app
}

/** Without decorators, which are calls too. */
function nestOf(mesh: Mesh, uses: boolean): Promise<INestApplication> {
  class Behind {
    ask(): Promise<unknown> {
      return callBehind(mesh)
    }

    tell(_body: unknown): Promise<unknown> {
      return callBehind(mesh)
    }
  }
  const { prototype } = Behind
  Get()(prototype, 'ask', Object.getOwnPropertyDescriptor(prototype, 'ask') ?? {})
  Post()(prototype, 'tell', Object.getOwnPropertyDescriptor(prototype, 'tell') ?? {})
  Body()(prototype, 'tell', 0)
  Controller()(Behind)
  class Application implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      if (uses) consumer.apply(mesh.middleware()).forRoutes(Behind)
    }
  }
  Module({ controllers: [Behind] })(Application)
  return NestFactory.create(Application as Type, { logger: false })
}
