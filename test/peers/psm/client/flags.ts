// The flags of xds_interop_client, as gRPC's clients in other languages have them: `--qps=5`, `--qps 5`, and `--secure_mode` alone.

const defaults = {
  server: 'localhost:8080',
  stats_port: '',
  num_channels: '1',
  qps: '1',
  rpc: 'UnaryCall',
  metadata: '',
  rpc_timeout_sec: '20',
  fail_on_failed_rpcs: 'false',
  print_response: 'false',
  secure_mode: 'false',
  request_payload_size: '0',
  response_payload_size: '0',
  expect_status: '',
}

export type Flags = Readonly<Record<keyof typeof defaults, string>>

/** @throws Error for a flag that is not known, or without --stats_port */
export function readFlags(words: readonly string[]): Flags {
  const flags: Record<keyof typeof defaults, string> = { ...defaults }
  for (let at = 0; at < words.length; at++) {
    const [, name = '', value] = /^--?([a-z_]+)(?:=(.*))?$/s.exec(words[at] ?? '') ?? []
    if (!isFlag(name)) throw new Error(`unknown flag ${words[at]}`)
    const follows = value === undefined && words[at + 1]?.startsWith('--') === false
    flags[name] = value ?? (follows ? (words[++at] ?? '') : 'true')
  }
  if (flags.stats_port === '') throw new Error('--stats_port is missing')
  return flags
}

function isFlag(name: string): name is keyof typeof defaults {
  return Object.hasOwn(defaults, name)
}
