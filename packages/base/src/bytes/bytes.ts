import { invalidArgument } from '../ldb-error.js'
import { isDetached } from './shared-bytes.js'

// Above this length a native copy is faster than a loop.
const LOOP_BYTES_MAX = 64
const MESSAGE_BYTES_MAX = 32

// The getter of %TypedArray%.prototype[Symbol.toStringTag]. It returns the true kind of any typed array, including subclasses and
// other realms, and a property cannot shadow it.
const typedArrayKind = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined

/**
 * Compares two byte strings lexicographically as unsigned bytes; a proper prefix is less. This is the key order of every store.
 *
 * @returns a negative number, 0, or a positive number.
 * @category Bytes
 */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const aBytes = a.length
  const bBytes = b.length
  const shared = aBytes < bBytes ? aBytes : bBytes
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return aBytes - bBytes
}

/**
 * Compares `a[aStart, aEnd)` with `b[bStart, bEnd)` like {@link compareBytes}, without making views.
 *
 * @category Bytes
 */
export function compareByteRanges(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aBytes = aEnd - aStart
  const bBytes = bEnd - bStart
  const shared = aBytes < bBytes ? aBytes : bBytes
  for (let i = 0; i < shared; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!
    if (difference !== 0) return difference
  }
  return aBytes - bBytes
}

/** Reports whether two byte strings are the same. @category Bytes */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0
}

/** Reports whether `bytes` begins with `prefix`. @category Bytes */
export function startsWithBytes(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && commonPrefixBytes(bytes, prefix) === prefix.length
}

/** Returns the length of the common prefix of two byte strings. @category Bytes */
export function commonPrefixBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = a.length < b.length ? a.length : b.length
  let i = 0
  while (i < shared && a[i] === b[i]) i++
  return i
}

/** Concatenates byte strings into a new array. @category Bytes */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let total = 0
  for (const part of parts) total += part.length
  const joined = new Uint8Array(total)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/**
 * Copies `source[start, end)` into a new plain `Uint8Array` with its own buffer.
 *
 * @category Bytes
 */
export function copyBytes(source: Uint8Array, start: number = 0, end: number = source.length): Uint8Array {
  const copy = new Uint8Array(end - start)
  copyBytesInto(copy, 0, source, start, end)
  return copy
}

/**
 * Copies `source[start, end)` to `target` at `targetOffset`. The two ranges must not overlap. Short copies use a loop, because
 * creating a view costs more than the copy.
 *
 * @remarks Allocates nothing for copies of up to 64 bytes, of a whole array, or within one array. Does not check the bounds.
 * @category Bytes
 */
export function copyBytesInto(
  target: Uint8Array,
  targetOffset: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  const count = end - start
  if (count > LOOP_BYTES_MAX) {
    if (source === target) target.copyWithin(targetOffset, start, end)
    else if (count === source.length) target.set(source, targetOffset)
    else target.set(source.subarray(start, end), targetOffset)
    return
  }
  for (let i = 0; i < count; i++) target[targetOffset + i] = source[start + i]!
}

/**
 * Returns the smallest byte string that is greater than every string with the prefix `prefix`, in a new array; `undefined` when none
 * exists, because the prefix is empty or all of its bytes are 0xFF.
 *
 * @category Bytes
 */
export function prefixSuccessor(prefix: Uint8Array): Uint8Array | undefined {
  let end = prefix.length
  while (end > 0 && prefix[end - 1] === 0xff) end--
  if (end === 0) return undefined
  const successor = copyBytes(prefix, 0, end)
  successor[end - 1]!++
  return successor
}

/**
 * Returns bytes as a plain `Uint8Array`: an instance of a subclass such as `Buffer` becomes a view of the same memory, so that hot
 * functions of the stores see one object shape only.
 *
 * @param what - name of the argument in the error message, for instance `'key'`.
 * @returns the argument itself when it is plain; never a copy.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when `value` is not a `Uint8Array`, or its buffer was transferred.
 * @category Bytes
 */
export function toPlainBytes(value: unknown, what: string = 'value'): Uint8Array {
  if (typeof value === 'object' && value !== null) {
    // V8 inlines the read of `constructor`, but calls a runtime function for the prototype.
    if (ArrayBuffer.isView(value) && value.constructor === Uint8Array) {
      const bytes = value as Uint8Array
      return bytes.length === 0 ? attachedBytes(bytes, what) : bytes
    }
    if (isBytes(value)) {
      const { buffer, byteOffset, byteLength } = attachedBytes(value, what)
      return new Uint8Array(buffer, byteOffset, byteLength)
    }
  }
  throw invalidArgument(`${what} must be a Uint8Array, not ${kindOf(value)}`)
}

/** Refuses bytes whose buffer was transferred: they are empty, whatever the caller has put into them. */
function attachedBytes(bytes: Uint8Array, what: string): Uint8Array {
  if (isDetached(bytes)) throw invalidArgument(`the buffer of ${what} was transferred`)
  return bytes
}

/** Reports whether `value` is a `Uint8Array`, including subclasses and other realms. @category Bytes */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && typedArrayKind.call(value) === 'Uint8Array'
}

/**
 * Formats bytes for messages, in hexadecimal. Formats the first 32 of more bytes, and the length.
 *
 * @category Bytes
 */
export function formatBytes(bytes: Uint8Array): string {
  const shown = Math.min(bytes.length, MESSAGE_BYTES_MAX)
  let text = ''
  for (let i = 0; i < shown; i++) text += bytes[i]!.toString(16).padStart(2, '0')
  return shown === bytes.length ? `0x${text}` : `0x${text}… (${bytes.length} bytes)`
}

/**
 * Returns the kind of a value for error messages, without calling any code of the value.
 *
 * @category Errors
 */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (isArray(value)) return 'an array'
  if (ArrayBuffer.isView(value)) return typedArrayKind.call(value) ?? 'DataView'
  return typeof value === 'object' ? 'an object' : typeof value
}

/** As `Array.isArray`, which throws for a revoked proxy. */
function isArray(value: unknown): boolean {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}
