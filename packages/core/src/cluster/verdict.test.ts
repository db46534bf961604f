// Statuses of gRPC and HTTP for each other, SEMANTICS 7.2 and 14.
import { expect, test } from 'vitest'
import { grpcStatusOfHttp, httpStatusOfGrpc } from './verdict.ts'

test.each([
  [0, 200],
  [1, 499],
  [2, 500],
  [3, 400],
  [4, 504],
  [5, 404],
  [6, 409],
  [7, 403],
  [8, 429],
  [9, 400],
  [10, 409],
  [11, 400],
  [12, 501],
  [13, 500],
  [14, 503],
  [15, 500],
  [16, 401],
  [17, 500],
  [Number.NaN, 500],
])('gRPC status %d counts as HTTP status %d', (grpc, http) => {
  expect(httpStatusOfGrpc(grpc)).toBe(http)
})

test.each([
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [502, 14],
  [503, 14],
  [504, 14],
  [418, 2],
  [500, 2],
  [507, 2],
  [555, 2],
  [200, 2],
])('a local reply %d is gRPC status %d', (http, grpc) => {
  expect(grpcStatusOfHttp(http)).toBe(grpc)
})
