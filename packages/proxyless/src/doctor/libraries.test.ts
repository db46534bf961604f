import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { librariesOf } from './libraries.ts'

const made: string[] = []

afterEach(async () => {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true })
})

async function packageWith(dependencies: object | undefined): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'proxyless-libraries-'))
  made.push(directory)
  await mkdir(join(directory, 'src'))
  const text = dependencies === undefined ? '{}' : JSON.stringify({ dependencies })
  await writeFile(join(directory, 'package.json'), text)
  return join(directory, 'src')
}

test('the libraries of the package that a directory belongs to, by name, with how they retry', async () => {
  const directory = await packageWith({ ws: '8', got: '14', express: '5', '@aws-sdk/client-sqs': '3' })
  expect(librariesOf(directory)).toEqual([
    { name: '@aws-sdk/client-sqs', by: 'http', retries: 'up to three attempts, by `maxAttempts`' },
    { name: 'got', by: 'http', retries: 'GET and the like twice, by `retry`' },
    { name: 'ws', by: undefined, note: 'makes its own connections: give it `agent: mesh.httpAgent`' },
  ])
})

test('a package without dependencies has none', async () => {
  expect(librariesOf(await packageWith(undefined))).toEqual([])
})
