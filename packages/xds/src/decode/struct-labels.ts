// Texts of a google.protobuf.Struct; what is no text says nothing here.

export function labelsOf(struct: Readonly<Record<string, unknown>> | undefined): Record<string, string> {
  const entries = Object.entries(struct ?? {})
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
}
