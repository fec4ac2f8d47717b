import { copyBytes, kindOf } from '../bytes/bytes.js'
import type { KeyEncoding } from './key-encoding.js'
import { invalidArgument, isLdbError, LdbError } from '../ldb-error.js'
import { KEY_BYTES_MAX } from '../limits.js'
import { decodeTuple } from './tuple-decoder.js'
import { encodeTupleInto } from './tuple-encoder.js'
import type { TupleElement } from './tuple-encoder.js'

// Most keys fit in the first buffer; an array of this length is cheap, because V8 allocates it on its heap.
const FIRST_BYTES = 64
const GROWTH = 16

/** The tuple encoding; documented at its export `tupleKeys`. */
export const tuple: KeyEncoding<readonly TupleElement[]> = Object.freeze({
  name: 'tuple',
  encode: encodeTuple,
  decode: decodeTuple,
  encodeInto: (key: readonly TupleElement[], target: Uint8Array): number =>
    encodeElements(toTuple(key), target),
  // The encoding of elements is prefix-free, so the bytes of a tuple start with those of its first elements and no others.
  encodePrefix: encodeTuple,
  decodesBorrowed: true,
})

function encodeTuple(key: readonly TupleElement[]): Uint8Array {
  const elements = toTuple(key)
  for (let targetBytes = FIRST_BYTES; ; targetBytes = Math.min(targetBytes * GROWTH, KEY_BYTES_MAX)) {
    const target = new Uint8Array(targetBytes)
    const end = encodeElements(elements, target)
    if (end >= 0) return end * 2 > targetBytes ? target.subarray(0, end) : copyBytes(target, 0, end)
    if (targetBytes === KEY_BYTES_MAX) {
      throw new LdbError('LDB_TOO_LARGE', `tuple is over the limit of a key, ${KEY_BYTES_MAX} bytes`, {
        details: { expected: KEY_BYTES_MAX },
      })
    }
  }
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT, also when an element of an array of the caller is a getter that throws. */
function encodeElements(elements: readonly TupleElement[], target: Uint8Array): number {
  try {
    return encodeTupleInto(elements, target, 0, 0)
  } catch (cause) {
    if (isLdbError(cause)) throw cause
    throw new LdbError('LDB_INVALID_ARGUMENT', 'the elements of a tuple cannot be read', { cause })
  }
}

function toTuple(key: unknown): readonly TupleElement[] {
  if (!Array.isArray(key)) throw invalidArgument(`key must be an array, not ${kindOf(key)}`)
  return key as readonly TupleElement[]
}
