import { assert } from '@ldb/base'

/** First line of a lock record; the number is the format version. */
export const LOCK_HEADING = 'LDB-LOCK 1'

/** Fields of a lock record after its heading, one per line, in this order; see FORMAT.md. */
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

/** Value of a field that is not known. */
export const LOCK_UNKNOWN = '-'

/** Length of a token in hexadecimal digits: 128 bits. */
export const LOCK_TOKEN_DIGITS = 32

/** Greatest length of a field's value, in characters. */
export const LOCK_VALUE_CHARACTERS_MAX = 255

/** Greatest length of a lock record, in bytes. */
export const LOCK_BYTES_MAX = 4096

/** Name of the lock file, which names the holder of a directory's lock. */
export const LOCK_NAME = 'LOCK'

assert(
  LOCK_HEADING.length + LOCK_FIELDS.length * (LOCK_VALUE_CHARACTERS_MAX + 8) <= LOCK_BYTES_MAX,
  'the longest lock record must fit',
)
