import { expect, test } from 'vitest'
import { calledHost, targetOf } from './target.ts'

test.each([
  ['ratings:9080', 'ratings:9080', 'ratings', 9080],
  ['ratings', 'ratings', 'ratings', 443],
  ['dns:ratings:9080', 'ratings:9080', 'ratings', 9080],
  ['dns:///ratings:9080', 'ratings:9080', 'ratings', 9080],
  ['dns://8.8.8.8/ratings', 'ratings', 'ratings', 443],
  ['xds:///ratings.default:80', 'ratings.default:80', 'ratings.default', 80],
  ['mesh:///ratings', 'ratings', 'ratings', 443],
  ['10.0.0.1:80', '10.0.0.1:80', '10.0.0.1', 80],
  ['ipv4:10.0.0.1:80', '10.0.0.1:80', '10.0.0.1', 80],
  ['[::1]:80', '[::1]:80', '::1', 80],
])('%s calls %s', (target, authority, hostname, port) => {
  expect(calledHost(target)).toEqual({ authority, hostname, port })
})

test.each([
  ['xds:///listener_0', 'listener_0'],
  ['xds://traffic/Listener_0', 'xds://traffic/Listener_0'],
  ['xds://traffic/reviews:80', 'xds://traffic/reviews:80'],
  ['xds:///reviews:80', undefined],
  ['mesh:///reviews', undefined],
  ['reviews', undefined],
])('for %s a control plane is asked for %s', (target, wanted) => {
  expect(calledHost(target).wanted).toBe(wanted)
})

test.each([
  ['10.0.0.1', 80, 'ipv4:10.0.0.1:80'],
  ['::1', 80, 'ipv6:[::1]:80'],
  ['ratings.test', 80, 'dns:ratings.test:80'],
  ['unix:///run/ratings', 0, 'unix:/run/ratings'],
])('%s and %i are connected to as %s', (address, port, target) => {
  expect(targetOf({ address, port })).toBe(target)
})
