// Names of resources: plain ones, and `xdstp://AUTHORITY/TYPE/ID?key=value` (gRFC A47), whose parameters have no order.

interface XdstpName {
  readonly authority: string
  readonly type: string
  readonly id: string
  readonly parameters: ReadonlyMap<string, string>
}

const scheme = 'xdstp:'

/** Undefined for a plain name, and for one that only begins like an xdstp name. */
function parseXdstp(name: string): XdstpName | undefined {
  const parts = /^xdstp:\/\/([^/]*)\/([^/?#]+)\/([^?#]*)(?:\?([^#]*))?(?:#.*)?$/.exec(name)
  if (parts === null) return undefined
  const [, authority = '', type = '', id = '', query = ''] = parts
  try {
    const pairs = query.split('&').filter((pair) => pair !== '')
    const parameters = new Map(pairs.map((pair) => [decode(pair, 0), decode(pair, 1)]))
    return { authority: decodeURIComponent(authority), type, id: decodeURIComponent(id), parameters }
  } catch {
    return undefined
  }
}

/** Whose the name is; undefined for a plain one. */
export function authorityOf(name: string): string | undefined {
  return name.startsWith(scheme) ? parseXdstp(name)?.authority : undefined
}

/** The same for all spellings of one resource. */
export function canonicalName(name: string): string {
  if (!name.startsWith(scheme)) return name
  const parsed = parseXdstp(name)
  if (parsed === undefined) return name
  const parameters = [...parsed.parameters]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
  const query = parameters.length === 0 ? '' : `?${parameters.join('&')}`
  return `xdstp://${encodeURIComponent(parsed.authority)}/${parsed.type}/${encodePath(parsed.id)}${query}`
}

/** Percent-encodes what must not stand in the path of an xdstp name; slashes stay. */
export function encodePath(text: string): string {
  return text.split('/').map(encodeSegment).join('/')
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(/%(3A|40|24|26|2B|2C|3B|3D)/g, decodeURIComponent)
}

function decode(pair: string, part: 0 | 1): string {
  const at = pair.indexOf('=')
  const text = part === 0 ? (at === -1 ? pair : pair.slice(0, at)) : at === -1 ? '' : pair.slice(at + 1)
  return decodeURIComponent(text)
}
