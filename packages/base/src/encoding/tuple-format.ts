/**
 * First byte of an encoded tuple element: its type, and for some its value. On disk, and the order of types: never
 * renumber, never reuse.
 *
 * @category Tuples
 */
export const TupleCode = {
  /** End of a nested array, and of a string and of bytes; below every other code, so that the shorter comes first. */
  End: 0x00,
  Null: 0x10,
  False: 0x18,
  True: 0x19,
  /** Eight bytes follow: an ordered double. */
  Number: 0x20,
  /** Length and magnitude follow, every byte complemented. */
  BigintNegative: 0x28,
  /** Length and magnitude follow. Zero is a magnitude of no bytes. */
  BigintPositive: 0x29,
  /** UTF-8 follows, escaped, and End. */
  String: 0x30,
  /** Eight bytes follow: milliseconds since 1970 as an ordered double. */
  Date: 0x38,
  /** The bytes follow, escaped, and End. */
  Bytes: 0x40,
  /** The elements follow, and End. */
  Array: 0x48,
} as const

/**
 * How deep arrays may nest within a tuple; the tuple itself is not counted.
 *
 * @category Tuples
 */
export const TUPLE_DEPTH_MAX = 64

/** Within strings and bytes, this byte and End are written as Escape and the byte plus one. */
export const TUPLE_ESCAPE = 0x01

/** A bigint's length of this or more is written as this byte and two more, big-endian. */
export const TUPLE_LENGTH_LONG = 0xff

/** Bytes of an ordered double. */
export const ORDERED_DOUBLE_BYTES = 8
