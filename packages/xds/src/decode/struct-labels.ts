// Texts of a google.protobuf.Struct; what is no text says nothing here.

export function labelsOf(struct: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  const entries = Object.entries(struct ?? {})
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}

const known = new Map<string, Readonly<Record<string, string>>>()
const maxKnown = 1_000

/** The same, and what is alike is one object: by that it is compared, and endpoints by the thousand share it. */
export function sharedLabels(struct: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const labels = labelsOf(struct)
  const key = JSON.stringify(labels)
  const before = known.get(key)
  if (before !== undefined) return before
  if (known.size >= maxKnown) known.clear()
  known.set(key, labels)
  return labels
}
