// An address to listen on as a command line gives it: `host:port`.

/** @throws Error that says what it may be */
export function parseAddress(text: string, option: string): string {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[^:[\]\s]+):(\d{1,5})$/i.exec(text) ?? []
  if (host === undefined || Number(port) > 65_535)
    throw new Error(`${option} wants HOST:PORT such as 127.0.0.1:15010 (port 0: any free one), not "${text}"`)
  return text
}
