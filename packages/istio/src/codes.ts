// Every problem code of this package with its one-line explanation; ERRORS.md is made of this table.
// Codes are stable: they are never renamed, only added.

export const PROBLEM_CODES = {
  YAML_TAB: 'A TAB stands where YAML wants spaces; the document is refused.',
  YAML_DUPLICATE_KEY:
    'A key appears twice in one mapping; twice at the top level mostly means that a `---` line is missing.',
  YAML_DOCUMENT_END: 'A `...` line ends the document, and what follows it would be lost.',
  YAML_SYNTAX: 'The text is not valid YAML or JSON.',
  YAML_ALIASES: 'The document uses more than 100 aliases.',
  CFG_YAML11_BOOL: 'An unquoted y, yes, on, off, n or no is text here, but a boolean for Kubernetes; quote it.',
  NOT_A_RESOURCE: 'The document is not a mapping with `kind` and `metadata.name`.',
  API_VERSION: 'The apiVersion does not belong to this kind.',
  UNSUPPORTED_KIND: 'Documents of this kind are not used and are ignored.',
  DUPLICATE_RESOURCE: 'The same resource appears twice; the later one is used (under `strict` it is refused).',
  UNKNOWN_ANNOTATION: 'There is no such annotation of this product; it is ignored (an error under `strict`).',
  ANNOTATION_INERT: 'The annotation has no effect here; the message says why.',
  UNKNOWN_FIELD:
    'The kind has no such field; it is ignored (an error under `strict`, and where a match would hold for everything).',
  INVALID_VALUE: 'A value has the wrong type, form or range.',
  MISSING_FIELD: 'A required field is missing.',
  CONFLICTING_FIELDS: 'Fields are set together that exclude one another.',
  UNSUPPORTED_FIELD: 'The field cannot be honoured; the message says what happens instead.',
  NOT_YET_APPLIED: 'The field is understood and kept, but has no effect yet.',
  NO_CLIENT_EFFECT: 'The resource or field concerns proxies or servers, not a calling client.',
  DEPRECATED_FIELD: 'The field is deprecated or ignored by Istio; the message names its successor.',
  REGEX_INVALID: 'The pattern is not a valid RE2 expression (lookaround and backreferences do not exist).',
  WEIGHTS_ZERO: 'Several destinations share a route, but their weights add up to zero.',
  VS_EMPTY: 'The VirtualService has no routes; its hosts behave as if it did not exist.',
  VS_HOST_CONFLICT: 'Two VirtualServices claim one host; the earlier one wins it whole, routes are never merged.',
  ROUTE_UNREACHABLE: 'A route stands after one that matches everything.',
  TIMEOUT_ZERO: '`timeout: 0s` is refused by Istio; here it means no timeout.',
  RETRY_PER_TRY_NOT_RETRIED: 'An attempt that ends by perTryTimeout is not retried under these retryOn conditions.',
  RETRY_CONDITION_UNSUPPORTED: 'A retryOn condition has no effect in a client.',
  FAULT_INERT: 'The fault never happens: it has no status or no percentage.',
  MIRROR_INERT: 'A mirror percentage without a mirror has no effect.',
  HEADER_FORMAT: 'A header value holds a command operator (%...%) that is not known.',
  HOP_BY_HOP_HEADER: 'The transport manages this header; setting it may have no effect.',
  REDIRECT_CODE: 'Only 301, 302, 303, 307 and 308 can be sent as redirects.',
  BODY_LARGE: 'A direct response body is larger than 100 KB.',
  DELEGATE_MISSING: 'A delegate VirtualService does not exist or is not exported to the root; the route is dropped.',
  DELEGATE_CONFLICT: 'A delegate route contradicts its root route; the delegate route is dropped.',
  DEST_UNKNOWN_HOST: 'No visible service has the host of this destination; requests get 503.',
  DEST_UNKNOWN_PORT: 'The destination service does not have this port; requests get 503.',
  DEST_PORT_INFERRED: 'The only port of the service is used; a sidecar would look for the request port and answer 503.',
  SUBSET_UNDEFINED: 'The DestinationRule in force does not define this subset; requests get 503.',
  SUBSET_EMPTY: 'No endpoint carries the labels of this subset; requests get 503.',
  SUBSET_DUPLICATE: 'Several DestinationRules for one host define this subset; the oldest one is used.',
  MATCH_NEVER: 'The match can never hold, such as a method in lower case or a path without its slash.',
  PER_TRY_TIMEOUT_INERT: 'perTryTimeout is not below the timeout of the route, which therefore always comes first.',
  POLICY_DUPLICATE:
    'Several DestinationRules for one host have a trafficPolicy; the oldest one is used whole, they are not merged.',
  RULE_INERT: 'The DestinationRule, or its settings of a port, governs nothing: there is no such service or port.',
  FAILOVER_WITHOUT_OD:
    'Failover between localities needs outlierDetection; without it endpoints are used wherever they are.',
  ZONES_UNKNOWN:
    'Zone aware routing needs a service whose selector selects this client; without one zones make no difference.',
  OD_NEVER_EJECTS: 'With so few endpoints maxEjectionPercent does not allow a single ejection.',
  HASH_SOURCE_IP: 'A client has no source address of its own; a stable key of the process is used.',
  HTTPS_AS_L7: 'HTTP rules are applied to https calls; a sidecar could not, as it sees only encrypted bytes.',
  TLS_ISTIO_MUTUAL:
    'ISTIO_MUTUAL is not supported; the rule is refused and its host is not called in plain text instead.',
  TLS_CREDENTIAL_NAME:
    'credentialName is not supported; the rule is refused and its host is not called in plain text instead.',
  CONFIG_INTERNAL: 'An unexpected error of this package; the configuration in force stays. Please report it.',
  WILDCARD_DNS: 'A wildcard host cannot be resolved by DNS; list endpoints or use resolution NONE.',
  PARTIAL_WILDCARD: 'The wildcard of a host covers a part of a label only; proxies may not match it.',
  EMPTY_SELECTOR: 'A workloadSelector without labels selects every WorkloadEntry of its namespace.',
  TCP_WITHOUT_ADDRESS: 'Without addresses a TCP port matches any destination in a sidecar.',
  ENDPOINTS_LOST:
    'One update took away more than half of the endpoints of a cluster; it is applied, but may not be meant.',
  NETWORK_EXCLUDED: 'The endpoint lies in another network and is left out.',
} as const

export type Code = keyof typeof PROBLEM_CODES
