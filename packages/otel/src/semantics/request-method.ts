// Methods as OpenTelemetry's conventions have them: what is made up must make no series without end.

const known = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'])

export const otherMethod = '_OTHER'

/** `http.request.method` */
export function requestMethod(method: string): string {
  return known.has(method) ? method : otherMethod
}
