// What stands beside virtual hosts and routes. Both directions.
import type { PathMatch, Route, RouteAction, VirtualHost } from '@proxyless/core/spi'
import { objectIn, type Own, textIn } from './metadata.ts'
import { readOrigin, readOrigins, writeOrigins } from './origin.ts'

/** @param port of the listener that it stands in */
export function writeOwnHost({ origin, port: own }: VirtualHost, port: number | undefined): Own {
  // a host for every port stands in every listener's routes, and is read from those for all ports
  return { ...writeOrigins(origin, {}), ...(own === undefined && port !== undefined ? { elsewhere: true } : {}) }
}

export function writeOwnRoute({ origin, origins, match, action }: Route, dialect: 'api' | 'sidecar'): Own {
  const { path } = match
  return {
    ...writeOrigins(origin, origins),
    ...(dialect === 'api' && path.kind === 'separatedPrefix' ? { path } : {}),
    ...writeOwnAction(action),
  }
}

function writeOwnAction(action: RouteAction): Own {
  switch (action.kind) {
    case 'redirect':
      return typeof action.port === 'string' ? { port: action.port } : {}
    case 'directResponse':
      return action.unavailable === true ? { unavailable: true } : {}
    case 'forward':
      return action.clusters.length === 0 ? { nowhere: true } : {}
  }
}

export function readOwnRoute(own: Own | undefined, route: Route): Route {
  if (own === undefined) return route
  const path = pathOf(objectIn(own, 'path'))
  return {
    ...route,
    match: path === undefined ? route.match : { ...route.match, path },
    action: actionOf(own, route.action),
    origin: readOrigin(own) ?? route.origin,
    origins: readOrigins(own),
  }
}

function pathOf(said: Own | undefined): PathMatch | undefined {
  const value = textIn(said, 'value')
  if (value === undefined || textIn(said, 'kind') !== 'separatedPrefix') return undefined
  return { kind: 'separatedPrefix', value, ignoreCase: said?.['ignoreCase'] === true }
}

function actionOf(own: Own, action: RouteAction): RouteAction {
  const port = textIn(own, 'port')
  switch (action.kind) {
    case 'redirect':
      return port === 'fromRequestPort' || port === 'schemeDefault' ? { ...action, port } : action
    case 'directResponse':
      return own['unavailable'] === true ? { ...action, unavailable: true } : action
    case 'forward':
      return own['nowhere'] === true ? { ...action, clusters: [] } : action
  }
}
