import { Metadata, status as codes } from '@grpc/grpc-js'
import { expect, test } from 'vitest'
import { breakOf, ConnectFailed, connectFailureOf, endingOf } from './failure.ts'

test.each([
  ['connect ECONNREFUSED 127.0.0.1:1', 'connectFailure'],
  ['connect EADDRNOTAVAIL ::1:1 - Local (:::0)', 'localConnectFailure'],
  ['connect EMFILE 127.0.0.1:1 - Local (undefined:undefined)', 'localConnectFailure'],
  ['ETIMEDOUT: not connected in time', 'connectTimeout'],
  ['read ECONNRESET', 'connectFailure'],
])('%s is a %s', (message, failure) => {
  expect(connectFailureOf(new ConnectFailed(message))).toBe(failure)
})

test('what a server says that speaks only HTTP is an answer of its status, 200 as well', () => {
  const metadata = new Metadata()
  const of = (code: codes, details: string): unknown => endingOf({ code, details, metadata })
  expect(of(codes.UNKNOWN, 'Received HTTP status code 507')).toMatchObject({ kind: 'answer', httpStatus: 507 })
  expect(of(codes.INTERNAL, 'Received RST_STREAM with code 0 (Call ended without gRPC status)')).toMatchObject({
    kind: 'answer',
    httpStatus: 200,
  })
  expect(of(codes.INTERNAL, 'Received RST_STREAM with code 2')).toMatchObject({ failure: 'remoteReset' })
})

test.each([
  ['Connection dropped', 'connectionTermination'],
  ['read ECONNRESET', 'connectionTermination'],
  ['Write error: write EPIPE', 'connectionTermination'],
  ['Stream refused by server', 'refusedStream'],
  ['Write error: Stream closed with error code NGHTTP2_REFUSED_STREAM', 'refusedStream'],
  ['Write error: Stream closed with error code NGHTTP2_PROTOCOL_ERROR', 'protocolError'],
  ['Write error: Stream closed with error code NGHTTP2_CANCEL', 'remoteReset'],
  ['the database is away', undefined],
  ['', undefined],
])('after a head UNAVAILABLE with "%s" is %s', (details, failure) => {
  expect(breakOf({ code: codes.UNAVAILABLE, details, metadata: new Metadata() })).toBe(failure)
})
