import { assert } from '@ldb/base'

// FORMAT.md is normative. A test compares its table with these constants.

export const VALUE_HEADER_KIND_OFFSET = 0
export const VALUE_HEADER_EXPIRES_AT_OFFSET: number = VALUE_HEADER_KIND_OFFSET + 1
/** Bytes of the header of a value with an expiry, the longest header. */
export const VALUE_HEADER_BYTES: number = VALUE_HEADER_EXPIRES_AT_OFFSET + 8
assert(VALUE_HEADER_BYTES === 9, 'the header of a value with an expiry has 9 bytes')

/** Kinds of stored values. Stored: never renumber, never reuse. */
export const StoredKind = { plain: 0, expiring: 1 } as const

/** Version of the properties of a keyspace. */
export const PROPERTIES_FORMAT = 1
/** Names of keyspaces that begin with it are reserved. */
export const RESERVED_PREFIX = '$ldb'
/** Keyspace of positions and settings. */
export const SETTINGS_KEYSPACE = '$ldb'
/** Greatest default time to live: 2^52 milliseconds. */
export const TTL_MS_MAX: number = 2 ** 52
/** Length of the longest name of a keyspace, in UTF-8. */
export const KEYSPACE_NAME_BYTES_MAX = 128
