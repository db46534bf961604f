// Which configuration is in force, since when, and what is wrong with it.
import type { Mesh, MetricFamily, NumberFamily } from '@proxyless/core/spi'

const severities = ['error', 'warning', 'info'] as const

export function configFamilies(mesh: Mesh): MetricFamily[] {
  const { version, appliedAtMs, problems } = mesh.configuration()
  if (appliedAtMs === null) return []
  const ageSeconds = (mesh.clock.wallNow() - appliedAtMs) / 1000
  return [
    gauge('proxyless_config_info', 'The version of the configuration in force.', [[{ version }, 1]]),
    gauge('proxyless_config_age_seconds', 'Since it is in force.', [[{}, ageSeconds]]),
    gauge(
      'proxyless_config_problems',
      'What is wrong with it.',
      severities.map((severity) => [{ severity }, problems.filter((each) => each.severity === severity).length]),
    ),
  ]
}

function gauge(name: string, help: string, samples: NumberFamily['samples']): MetricFamily {
  return { name, type: 'gauge', help, samples }
}
