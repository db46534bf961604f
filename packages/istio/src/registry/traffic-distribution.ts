// Which endpoints the callers of a service shall use first: an annotation of Istio's, else a field of Kubernetes'.
import type { Preference } from './service.ts'

/** Undefined: any. */
export function preferenceOf(
  annotations: Readonly<Record<string, string>>,
  field?: string,
): { readonly prefers?: Preference } {
  const said = annotations['networking.istio.io/traffic-distribution'] ?? field
  switch (said?.toLowerCase() ?? '') {
    case 'preferclose':
    case 'prefersamezone':
      return { prefers: 'sameZone' }
    case 'prefersamenode':
      return { prefers: 'sameNode' }
    default:
      return {}
  }
}
