import { assert } from '@ldb/base'

/** First line of a lock record; the number is the format's version. */
export const LOCK_HEADING = 'LDB-LOCK 1'

/** The fields of a lock record after its heading, one a line, in this order; see FORMAT.md. */
export const LOCK_FIELDS = [
  'pid',
  'start',
  'boot',
  'host',
  'pidns',
  'netns',
  'socket',
  'token',
  'check',
] as const

/** What stands for a fact that is not known. */
export const LOCK_UNKNOWN = '-'

/** Hexadecimal digits of a token: 128 bits. */
export const LOCK_TOKEN_DIGITS = 32

/** Longest value of a field, in characters. */
export const LOCK_VALUE_CHARACTERS_MAX = 255

/** No lock record is longer, in bytes. */
export const LOCK_BYTES_MAX = 4096

/** The file in a directory that names the holder of its lock. */
export const LOCK_NAME = 'LOCK'

assert(
  LOCK_HEADING.length + LOCK_FIELDS.length * (LOCK_VALUE_CHARACTERS_MAX + 8) <= LOCK_BYTES_MAX,
  'the longest lock record must fit',
)
