// Zone aware routing: where the client is and how its kind is spread. Envoy knows that by itself, gRPC not at all. Both directions.
import type { Locality, ZoneAware } from '@proxyless/core/spi'
import { listIn, numberIn, numbersIn, objectIn, type Own, textIn } from './metadata.ts'

export function writeZones({ own, clients, minClusterSize, routingEnabled, failTrafficOnPanic }: ZoneAware): Own {
  return {
    zones: {
      own: writeLocality(own),
      clients: clients.map(({ locality, count }) => ({ ...writeLocality(locality), count })),
      minClusterSize,
      routingEnabled,
      failTrafficOnPanic,
    },
  }
}

export function readZones(own: Own | undefined): ZoneAware | undefined {
  const said = objectIn(own, 'zones')
  const numbers = numbersIn(said, ['minClusterSize', 'routingEnabled'])
  const clients = listIn(said, 'clients')
  if (numbers === undefined || clients === undefined) return undefined
  return {
    kind: 'zoneAware',
    own: readLocality(objectIn(said, 'own')),
    clients: clients.map((_, index) => {
      const client = objectIn(clients as unknown as Own, String(index))
      return { locality: readLocality(client), count: numberIn(client, 'count') ?? 0 }
    }),
    ...numbers,
    failTrafficOnPanic: said?.['failTrafficOnPanic'] === true,
  }
}

function writeLocality({ region, zone, subzone }: Locality): Own {
  return { region, zone, subzone }
}

function readLocality(said: Own | undefined): Locality {
  return {
    region: textIn(said, 'region') ?? '',
    zone: textIn(said, 'zone') ?? '',
    subzone: textIn(said, 'subzone') ?? '',
  }
}
