// Every problem code of this package with its one-line explanation; ERRORS.md is made of this table.
// Codes are stable: they are never renamed, only added.

export const XDS_PROBLEM_CODES = {
  XDS_REFUSED: 'A resource was refused, and the server told (NACK); the last good one stays.',
  XDS_MISSING: 'A resource was asked for and does not exist, or is gone; a last good one stays.',
  XDS_NOT_APPLIED: 'A part of a resource has no effect here; the rest is used.',
  XDS_UNREACHABLE: 'There is no working stream to the xDS server; what is in force stays.',
} as const
