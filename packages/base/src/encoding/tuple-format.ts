/**
 * First byte of an encoded tuple element: its type, and for some types its value. The codes order the types. On disk: never renumber,
 * never reuse.
 *
 * @category Tuples
 */
export const TupleCode = {
  /** End of a nested array, a string or bytes; below every other code, so that a prefix is less. */
  End: 0x00,
  Null: 0x10,
  False: 0x18,
  True: 0x19,
  /** Followed by eight bytes: an ordered double. */
  Number: 0x20,
  /** Followed by length and magnitude, every byte complemented. */
  BigintNegative: 0x28,
  /** Followed by length and magnitude. The magnitude of zero is empty. */
  BigintPositive: 0x29,
  /** Followed by escaped UTF-8 and End. */
  String: 0x30,
  /** Followed by eight bytes: milliseconds since 1970 as an ordered double. */
  Date: 0x38,
  /** Followed by the escaped bytes and End. */
  Bytes: 0x40,
  /** Followed by the elements and End. */
  Array: 0x48,
} as const

/**
 * Greatest nesting depth of arrays in a tuple; the tuple itself does not count.
 *
 * @category Tuples
 */
export const TUPLE_DEPTH_MAX = 64

/** Escape byte in strings and bytes: it and End are each written as this byte followed by the byte plus one. */
export const TUPLE_ESCAPE = 0x01

/** A bigint length from this value is written as this byte and a two-byte length, big-endian. */
export const TUPLE_LENGTH_LONG = 0xff

/** Length of an ordered double in bytes. */
export const ORDERED_DOUBLE_BYTES = 8
