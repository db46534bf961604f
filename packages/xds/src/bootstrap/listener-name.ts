// The name of the listener resource for what a caller calls (gRFC A47): templates of the bootstrap, with `%s` for the name.
import { encodePath } from '../stream/resource-name.ts'
import type { Bootstrap } from './bootstrap.ts'

/** Of `reviews:9080`, or of `xds://AUTHORITY/reviews:9080`. @throws TypeError for an authority that nobody knows. */
export function listenerName(
  target: string,
  bootstrap: Pick<Bootstrap, 'authorities' | 'clientListenerTemplate'>,
): string {
  const [, authority = '', path = ''] = /^xds:\/\/([^/]*)\/(.+)$/.exec(target) ?? []
  if (path === '') return fill(bootstrap.clientListenerTemplate, target)
  if (authority === '') return fill(bootstrap.clientListenerTemplate, path)
  const known = bootstrap.authorities.get(authority)
  if (known === undefined) throw new TypeError(`${target}: the bootstrap has no authority "${authority}"`)
  return fill(known.listenerTemplate, path)
}

/** The same for a name that a call brings: one of an authority that nobody knows is nobody's. */
export function wantedListener(
  target: string,
  bootstrap: Pick<Bootstrap, 'authorities' | 'clientListenerTemplate'>,
): string {
  const [, authority = '', path = ''] = /^xds:\/\/([^/]+)\/(.+)$/.exec(target) ?? []
  if (path === '' || bootstrap.authorities.has(authority)) return listenerName(target, bootstrap)
  return fill(`xdstp://${authority}/envoy.config.listener.v3.Listener/%s`, path)
}

/** `xds://AUTHORITY/name` and `name` are called by the name. */
export function calledName(target: string): string {
  return target.replace(/^xds:\/\/[^/]*\//, '')
}

function fill(template: string, name: string): string {
  return template.replaceAll('%s', () => (template.startsWith('xdstp:') ? encodePath(name) : name))
}
