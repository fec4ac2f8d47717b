import { assert } from '@ldb/base'

/** First line of a lock record; the number is the format version. */
export const LOCK_HEADING = 'LDB-LOCK 2'

/** First line of a lock record of version 1, which is read and never written. */
export const LOCK_HEADING_1 = 'LDB-LOCK 1'

/** Fields of a lock record after its heading, one per line, in this order; see FORMAT.md. */
export const LOCK_FIELDS = [
  'pid',
  'start',
  'boot',
  'host',
  'pidns',
  'netns',
  'socket',
  'directory',
  'filesystem',
  'kernel',
  'mode',
  'token',
  'check',
] as const

/** Fields that a record of version 1 does not have. */
export const LOCK_FIELDS_SINCE_2: readonly (typeof LOCK_FIELDS)[number][] = [
  'directory',
  'filesystem',
  'kernel',
  'mode',
]

/** Value of the field `kernel` when the holder holds flock(2) on the directory. */
export const LOCK_KERNEL_FLOCK = 'flock'

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
  LOCK_HEADING.length +
    1 +
    LOCK_FIELDS.reduce((sum, field) => sum + field.length + LOCK_VALUE_CHARACTERS_MAX + 2, 0) <=
    LOCK_BYTES_MAX,
  'the longest lock record must fit',
)
