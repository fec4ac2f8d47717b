import { readU64 } from '@ldb/base'
import {
  VALUE_HEADER_BYTES,
  VALUE_HEADER_MARK,
  VALUE_HEADER_OFFSET_EXPIRES_AT,
  VALUE_HEADER_OFFSET_FLAGS,
  ValueHeaderFlag,
} from '../format.js'

const [MARK_0, MARK_1, MARK_2, MARK_3] = VALUE_HEADER_MARK
/** Bytes of a reference, as `@ldb/blob` encodes it. That package is loaded only by programs that use blob files, so that nothing of it is read here. */
const REFERENCE_BYTES = 32
/** Bytes of a stored value whose content is in a blob file. */
export const REFERRING_VALUE_BYTES: number = VALUE_HEADER_BYTES + REFERENCE_BYTES

/**
 * Reports whether a stored value begins with a header. A user value for which this is true must be stored behind a header, even without
 * expiry.
 */
export function hasValueHeader(stored: Uint8Array): boolean {
  return beginsWithHeader(stored, 0, stored.length)
}

/** As `hasValueHeader`, for the stored value between two offsets of a buffer. */
export function beginsWithHeader(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    bytes[start] === MARK_0 &&
    end - start >= VALUE_HEADER_BYTES &&
    bytes[start + 1] === MARK_1 &&
    bytes[start + 2] === MARK_2 &&
    bytes[start + 3] === MARK_3
  )
}

/** Returns the time at which the stored value between two offsets of a buffer expires; `Infinity` when it never does. */
export function expiryOf(bytes: Uint8Array, start: number, end: number): number {
  if (!beginsWithHeader(bytes, start, end)) return Infinity
  const flagsAt = start + VALUE_HEADER_OFFSET_FLAGS
  if (bytes[flagsAt] === 0) {
    const expiresAt = readU64(bytes, start + VALUE_HEADER_OFFSET_EXPIRES_AT)
    return expiresAt === 0 ? Infinity : expiresAt
  }
  const header = bytes.slice(start, start + VALUE_HEADER_BYTES)
  header[VALUE_HEADER_OFFSET_FLAGS] = 0
  return expiryOf(header, 0, VALUE_HEADER_BYTES)
}

/** Returns the offset of the blob reference in the stored value between two offsets of a buffer; −1 when it has none. */
export function referenceAt(bytes: Uint8Array, start: number, end: number): number {
  const refers =
    end - start === REFERRING_VALUE_BYTES &&
    bytes[start + VALUE_HEADER_OFFSET_FLAGS] === ValueHeaderFlag.Reference &&
    beginsWithHeader(bytes, start, end)
  return refers ? start + VALUE_HEADER_BYTES : -1
}

/** Returns a stored value without its header, borrowed. It must not have a reference. */
export function rawValue(stored: Uint8Array): Uint8Array {
  return hasValueHeader(stored) ? stored.subarray(VALUE_HEADER_BYTES) : stored
}

/**
 * Writes a stored value that refers to a blob to `target`, which has `REFERRING_VALUE_BYTES` bytes.
 *
 * @param stored - the value that is replaced, whose expiry stays.
 */
export function encodeReferring(
  target: Uint8Array,
  stored: Uint8Array,
  start: number,
  end: number,
  reference: Uint8Array,
): void {
  if (beginsWithHeader(stored, start, end)) target.set(stored.subarray(start, start + VALUE_HEADER_BYTES))
  else {
    target.fill(0, 0, VALUE_HEADER_BYTES)
    target.set(VALUE_HEADER_MARK)
  }
  target[VALUE_HEADER_OFFSET_FLAGS] = ValueHeaderFlag.Reference
  target.set(reference, VALUE_HEADER_BYTES)
}
