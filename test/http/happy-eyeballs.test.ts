// Endpoints with several addresses, by HTTP: whichever answers first is connected to (RFC 8305), in TLS by its handshake.
import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { type Cluster, VirtualClock } from '@proxyless/core/spi'
import { afterAll, describe, expect, test } from 'vitest'
import { issueCertificates } from '../kit/certificates.ts'
import { cluster, config, endpoint, forward, host, route } from '../kit/config.ts'
import { startMute } from '../kit/mute-server.ts'
import { backend, closeAfterEach, mesh, opened } from '../kit/opened.ts'
import { until } from '../kit/until.ts'

const hasV6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'))
const certificates = await issueCertificates(['ratings.test'])
afterAll(() => certificates?.remove())

/** Time stands still: no address is late because the machine is slow. */
let clock: VirtualClock
const meshTo = (first: string, port: number, more: Partial<Cluster> = {}): ReturnType<typeof mesh> => {
  clock = new VirtualClock()
  const additionalAddresses = [{ address: '::1', port }]
  const clusters = [cluster('c', [endpoint(first, { additionalAddresses })], more)]
  return mesh(config([host(['ratings.test'], [route(forward('c'))])], clusters), { clock })
}

describe.skipIf(!hasV6)('an endpoint with addresses of both families', () => {
  closeAfterEach()

  test('its own address comes first', async () => {
    const [own, other] = [await backend({ name: 'own' }), await backend({ name: 'other', host: '::1' })]
    const m = await meshTo(own.authority, other.port)
    expect((await m.fetch('http://ratings.test/')).headers.get('x-backend')).toBe('own')
    expect(other.requests.length).toBe(0)
  })

  test('where that refuses, the next is tried at once; for all else it is one endpoint', async () => {
    const dead = await startMute()
    await dead.close()
    const other = await backend({ name: 'other', host: '::1' })
    const m = await meshTo(dead.authority, other.port)
    expect((await m.fetch('http://ratings.test/')).headers.get('x-backend')).toBe('other')
    const seen = m.status().clusters.find(({ name }) => name === 'c')
    expect(seen?.endpoints).toMatchObject([{ address: dead.authority, failedRequests: 0 }])
  })

  test.skipIf(certificates === undefined)('where that never shakes hands, the next is tried beside it', async () => {
    const { caFile, serverCertFile, serverKeyFile } = certificates!
    const mute = opened(await startMute())
    const tls = { cert: await readFile(serverCertFile, 'utf8'), key: await readFile(serverKeyFile, 'utf8') }
    const other = await backend({ name: 'other', host: '::1', protocol: 'https', tls })
    const m = await meshTo(mute.authority, other.port, { tls: { caFile, subjectAltNames: [], verify: true } })
    const asked = m.fetch('http://ratings.test/')
    await until(() => mute.sockets.size === 1)
    clock.advance(250)
    expect((await asked).headers.get('x-backend')).toBe('other')
    await until(() => mute.sockets.size === 0)
  })
})
