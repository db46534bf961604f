// Where decisions through istiod differ from those of our own translation, and why. Every entry is asserted on both sides,
// and one that no case needs any more is a failure. What is intended stands in DIFFERENCES.md too.
import type { Dialect, TranslationOptions } from './sides.ts'

/** Lines of a decision that differ wherever they appear. */
export interface LineDifference {
  readonly dialect: Dialect
  /** Of ours, of theirs, or of both. */
  readonly line: RegExp
  readonly why: string
}

/** A decision that comes out differently as a whole. */
export interface CaseDifference {
  /** `FIXTURE URL`, all of it. */
  readonly at: RegExp
  /** Undefined: wherever istiod translates. */
  readonly dialect?: Dialect
  readonly ours: string | RegExp
  readonly theirs: string | RegExp
  readonly why: string
  /** Our translation with these options decides as istiod does; undefined: with none. */
  readonly sameWith?: TranslationOptions
}

/** A document that only one side takes. */
export interface RefusalDifference {
  readonly fixture: RegExp
  readonly document: string
  readonly refusedBy: 'us' | 'istiod' | 'API server'
  readonly reason: RegExp
  readonly why: string
}

const ports: TranslationOptions = { strictSidecarPorts: true }

const noPort = 'a destination without port is looked up on the port of the request; ours takes the only port there is'
const port80 = 'a host that is no service is there on port 80 only; ours has it on any port'
const noListener = 'istiod has listeners for gRPC only for services of its registry; all others pass through a sidecar'
const opaque = 'HTTPS is opaque to a sidecar; ours is above TLS'

export const caseDifferences: readonly CaseDifference[] = [
  {
    at: /^C020.2 |^C024 http:\/\/other|^C026 |^C02[12] .*127|^C(028|029|037|054|055|122|138) |^C125 |^seed \S+ (http:\/\/(bookinfo|other)|https:)|^bookinfo .* http:\/\/bookinfo.com/,
    dialect: 'api',
    ours: /./,
    theirs: /^503 directly/,
    why: noListener,
  },
  { at: /^C018 http:\/\/multi\/$/, ours: /9080\|\|ratings/, theirs: '503 NC', why: noPort, sameWith: ports },
  { at: /^C028 /, ours: /9080\|\|r/, theirs: '503 NC', why: noPort, sameWith: ports },
  { at: /^C138 /, ours: /9080\|v\d\|r/, theirs: '503 NC', why: noPort, sameWith: ports },
  {
    at: /^seed 001-02\S+ http:\/\/bookinfo.com\/reviews$/,
    ours: /9080\|\|reviews/,
    theirs: '503 NC',
    why: noPort,
    sameWith: ports,
  },
  {
    at: /^C029 |^seed 001-02\S+ http:\/\/bookinfo.com\/other$/,
    ours: '404 NR',
    theirs: '404 NR',
    why: noPort,
    sameWith: ports,
  },
  { at: /^C122 /, ours: /\|80\|v\d\|a/, theirs: /\|80\|v\d\|a/, why: port80, sameWith: ports },
  {
    at: /^bookinfo .* http:\/\/bookinfo.com\//,
    ours: /9080\|v1\|reviews/,
    theirs: /9080\|v1\|reviews/,
    why: port80,
    sameWith: ports,
  },
  {
    at: /^C037 http:\/\/t.local:8080\/$/,
    ours: /v1\|reviews/,
    theirs: 'PassthroughCluster',
    why: port80,
    sameWith: ports,
  },
  {
    at: /^C05[45] http:\/\/t.local:\d+\/a$/,
    ours: /^301 to https?:\/\/t.local:\d+\/a$/,
    theirs: 'PassthroughCluster',
    why: port80,
    sameWith: ports,
  },
  {
    at: /^C05[45] http:\/\/t.local\/a$/,
    ours: /^301 to https?:\/\/t.local\/a$/,
    theirs: /^301 to https?:\/\/t.local\/a$/,
    why: port80,
    sameWith: ports,
  },
  {
    at: /^C065.2 /,
    ours: /v1\|reviews/,
    theirs: /v1\|reviews/,
    why: 'the row asks for the defaults of Istio 1.4',
    sameWith: { compat: 'latest' },
  },
  {
    at: /^C076 http:\/\/reviews/,
    ours: /v1\|reviews/,
    theirs: /9080\|\|reviews/,
    why: 'the document is in force with us only',
  },
  {
    at: /^C076 http:\/\/reviews/,
    dialect: 'documents',
    ours: /v1\|reviews/,
    theirs: /9080\|\|reviews/,
    why: 'the same',
  },
  {
    at: /^C128 http:\/\/ratings/,
    ours: '503 NC',
    theirs: /ratings/,
    why: 'credentialName without a selector is plain text through istiod; ours refuses rather than sends in the clear',
  },
  { at: /^(C125|seed \S+-serviceentry-\S+) https:/, ours: '503 UH', theirs: 'PassthroughCluster', why: opaque },
]

export const refusalDifferences: readonly RefusalDifference[] = [
  {
    fixture: /^C010$|^seed \S+virtual-svc$/,
    document: 'VirtualService virtual-svc',
    refusedBy: 'istiod',
    reason: /http, tcp or tls must be provided/,
    why: 'a VirtualService without routes is what the seeds show; ours warns',
  },
  {
    fixture: /^C076$/,
    document: 'VirtualService reviews',
    refusedBy: 'API server',
    reason: /must be a valid duration greater than 1ms/,
    why: 'a timeout of 0s is what people write for none; ours warns',
  },
  {
    fixture: /^C128$/,
    document: 'DestinationRule ratings',
    refusedBy: 'us',
    reason: /credentialName is not supported/,
    why: 'istiod would send in plain text',
  },
]

const keptWeight = 'istiod keeps the weight of a locality whose endpoints it leaves out, because the rest share all'

const untold = 'xDS has no word for a service outside the mesh'

const part = (...parts: string[]): RegExp => new RegExp(`^cluster \\S+ (${parts.join('|')}): `)

export const lineDifferences: readonly LineDifference[] = [
  { dialect: 'sidecar', line: part('localities'), why: keptWeight },
  { dialect: 'documents', line: part('localities'), why: keptWeight },
  {
    dialect: 'sidecar',
    line: part('tlsMatches'),
    why: 'mutual TLS for endpoints whose labels ask for it, which are none here; ours refuses documents that need it',
  },
  {
    dialect: 'sidecar',
    line: /^route 0 port: "fromRequestPort"$/,
    why: 'istiod writes the port of the listener, and none where it is that of the scheme',
  },
  { dialect: 'sidecar', line: part('external'), why: untold },
  { dialect: 'api', line: part('external'), why: untold },
  {
    dialect: 'api',
    line: /^cluster: \S+, (leastRequest|roundRobin|random)$/,
    why: 'gRPC is given balancers only where a DestinationRule names LEAST_REQUEST or a hash',
  },
  { dialect: 'api', line: part('loadBalancer'), why: 'the same' },
  { dialect: 'api', line: part('connectTimeoutMs', 'connectionPool'), why: 'not sent to gRPC' },
  { dialect: 'api', line: part('circuitBreakers'), why: 'of the limits only that of requests is sent to gRPC' },
  { dialect: 'api', line: /^limits: /, why: 'the same' },
  { dialect: 'api', line: part('outlierDetection', 'panicThreshold'), why: 'not sent to gRPC' },
  { dialect: 'api', line: /^outliers: /, why: 'the same' },
  {
    dialect: 'api',
    line: /^route \d+ maxGrpcTimeoutMs: /,
    why: 'gRPC has its own word for it, which istiod does not use',
  },
  { dialect: 'api', line: part('tls'), why: 'SIMPLE and MUTUAL are not sent to gRPC' },
  { dialect: 'api', line: /^tls: /, why: 'the same' },
  { dialect: 'api', line: part('localities'), why: 'gRPC weighs localities wherever they have weights' },
  { dialect: 'api', line: /^locality: /, why: 'the same' },
]
