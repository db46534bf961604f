// The problem codes of this package with their one-line explanations; ERRORS.md lists them.

export const SOURCE_CODES = {
  SOURCE_UNREADABLE: 'A file or directory of documents cannot be read; what was read before stays in force.',
  FEED_UNREACHABLE: 'The feed does not answer, or answers with an error; what it said before stays in force.',
  FEED_UNAUTHORISED: 'The feed answers 401 or 403; it is asked once a minute until it lets us in.',
  FEED_REFUSED: 'What the feed says is refused whole (size, nesting, form, redirect); what was there before stays.',
  FEED_EMPTY: 'The feed says that nothing is left; refused unless it, or the option, says `allowEmpty`.',
  FEED_MESSAGE: 'The feed sent a message for people; nothing changes.',
  FEED_CACHE: 'The last good configuration cannot be written to the cache directory, or read from it.',
} as const

export type SourceCode = keyof typeof SOURCE_CODES
