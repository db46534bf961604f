// The numbers of the control plane in Prometheus' text format.
import { type Labels, type MetricFamily, metricsText as textOf } from '@proxyless/core/spi'
import type { Insights } from './insight.ts'

type Sample = readonly [labels: Labels, value: number]

export function metricsText({ documents, views, connections, feed, counts }: Insights): string {
  const kinds = [...counts.kinds]
  const ofKind = (pick: (each: (typeof kinds)[number][1]) => number): Sample[] =>
    kinds.map(([kind, each]) => [{ kind }, pick(each)])
  const problems = (severity: string): Sample => [
    { severity },
    documents.problems.filter((problem) => problem.severity === severity).length,
  ]
  const reports = feed.reports.all()
  return textOf([
    metric('proxyless_xds_clients', 'gauge', 'Streams that are open.', clientSamples(connections)),
    metric(
      'proxyless_xds_responses_total',
      'counter',
      'Responses sent.',
      ofKind(({ responses }) => responses),
    ),
    metric(
      'proxyless_xds_response_bytes_total',
      'counter',
      'Bytes of responses.',
      ofKind(({ bytes }) => bytes),
    ),
    metric(
      'proxyless_xds_acks_total',
      'counter',
      'Responses that clients accepted.',
      ofKind(({ acks }) => acks),
    ),
    metric(
      'proxyless_xds_nacks_total',
      'counter',
      'Responses that clients refused.',
      ofKind(({ nacks }) => nacks),
    ),
    metric('proxyless_xds_refusing_clients', 'gauge', 'Clients that refuse what they were sent last.', [
      [{}, [...connections].filter((each) => each.progress().some(({ refused }) => refused !== undefined)).length],
    ]),
    metric('proxyless_xds_unserved_requests_total', 'counter', 'Requests for types that are not served.', [
      [{}, counts.unservedRequests],
    ]),
    metric('proxyless_views', 'gauge', 'Workloads that are translated for.', [[{}, views.all().length]]),
    metric('proxyless_documents', 'gauge', 'Documents in force.', [[{}, documents.reading?.names.length ?? 0]]),
    metric('proxyless_document_problems', 'gauge', 'Problems of the documents and of their source.', [
      problems('error'),
      problems('warning'),
      problems('info'),
    ]),
    metric('proxyless_document_changes_total', 'counter', 'Sets of documents read.', [[{}, counts.changes]]),
    metric('proxyless_document_change_timestamp_seconds', 'gauge', 'When the last set was read.', [
      [{}, counts.changedAtMs / 1000],
    ]),
    metric('proxyless_feed_streams', 'gauge', 'Streams of events that are open.', [[{}, feed.streams.length]]),
    metric('proxyless_feed_reporting_nodes', 'gauge', 'Nodes that have sent a report.', [[{}, reports.length]]),
    metric('proxyless_feed_rejected_documents', 'gauge', 'Documents that nodes refuse, by their last reports.', [
      [{}, reports.reduce((sum, { rejected }) => sum + rejected.length, 0)],
    ]),
  ])
}

function clientSamples(connections: Insights['connections']): Sample[] {
  const samples: Sample[] = []
  for (const protocol of ['sotw', 'delta']) {
    for (const dialect of ['api', 'sidecar']) {
      const count = [...connections].filter((each) => each.variant === protocol && each.client?.dialect === dialect)
      samples.push([{ protocol, dialect }, count.length])
    }
  }
  return samples
}

function metric(name: string, type: 'counter' | 'gauge', help: string, samples: readonly Sample[]): MetricFamily {
  return { name, type, help, samples }
}
