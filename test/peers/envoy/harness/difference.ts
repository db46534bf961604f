// Where two observations differ, one line per place: what failures print.

/** Empty when they are equal. */
export function differences(ours: unknown, envoys: unknown, place = ''): string[] {
  if (Object.is(ours, envoys)) return []
  if (isRecord(ours) && isRecord(envoys)) {
    const keys = [...new Set([...Object.keys(ours), ...Object.keys(envoys)])]
    const array = Array.isArray(ours)
    return keys.flatMap((key) => differences(ours[key], envoys[key], array ? `${place}[${key}]` : `${place}.${key}`))
  }
  return [`${place}: ours ${short(ours)}, Envoy ${short(envoys)}`]
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function short(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 300 ? `${text.slice(0, 300)}...` : text
}
