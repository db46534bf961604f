import { sensitiveHeaders } from 'node:http2'
import { Metadata } from '@grpc/grpc-js'
import { describe, expect, test } from 'vitest'
import { metadataOf } from './metadata.ts'
import { legalLines, SentMetadata } from './sent-metadata.ts'

const lines = ['te', 'trailers', 'a', '1', 'b', '2', 'a', '3', 'user-agent', 'x', 'raw-bin', 'AP8=']

/** What is done to it on its way through grpc-js. */
function change(metadata: Metadata): void {
  metadata.set('grpc-accept-encoding', 'identity')
  metadata.set('B', 'two')
  metadata.add('a', '4')
  metadata.add('more-bin', Buffer.from([1]))
  metadata.remove('raw-bin')
  metadata.remove('nowhere')
  const credentials = new Metadata()
  credentials.set('authorization', 'me')
  credentials.set('a', '5')
  metadata.merge(credentials)
}

describe('what is sent reads as Metadata of the same lines', () => {
  test.each([
    ['as it came', () => undefined],
    ['changed', change],
  ])('%s', (_name, alter) => {
    const [ours, theirs] = [new SentMetadata(lines), metadataOf(lines)]
    alter(ours)
    alter(theirs)
    expect({ ...ours.toHttp2Headers() }).toMatchObject(theirs.toHttp2Headers())
    expect(Object.keys(ours.toHttp2Headers()).toSorted()).toEqual(Object.keys(theirs.toHttp2Headers()).toSorted())
    expect(ours.toJSON()).toEqual(theirs.toJSON())
    expect(ours.getMap()).toEqual(theirs.getMap())
    for (const name of ['a', 'B', 'raw-bin', 'more-bin', 'nowhere']) expect(ours.get(name)).toEqual(theirs.get(name))
  })
})

test('a connection that is lost before the call is on it: credentials are asked again, and what they say is sent once', () => {
  const metadata = new SentMetadata(lines, { waitForReady: true })
  const credentials = new Metadata()
  for (const token of ['old', 'new']) {
    const copy = metadata.clone()
    credentials.set('authorization', token)
    copy.merge(credentials)
    expect(copy.get('authorization')).toEqual([token])
    expect(copy.getOptions()).toEqual({ waitForReady: true })
  }
})

test('the list it was made of stays as it is', () => {
  const list = [...lines]
  change(new SentMetadata(list))
  expect(list).toEqual(lines)
})

test('request ids are not kept by HPACK, where they would drive out what repeats', () => {
  const headers = new SentMetadata(['x-request-id', '1']).toHttp2Headers()
  expect(Object.getOwnPropertyDescriptor(headers, sensitiveHeaders)?.value).toEqual(['x-request-id'])
})

test('lines that HTTP/2 cannot carry are left out', () => {
  const list = [
    'a',
    '1',
    'a b',
    '2',
    'c',
    'one\0two',
    'd',
    'one\r\ntwo',
    'e',
    'M\u00c3\u00bcller',
    'f',
    '\u0141',
    ':path',
    '/',
  ]
  expect(legalLines(list)).toEqual(['a', '1', 'e', 'M\u00c3\u00bcller', ':path', '/'])
})
