import { copyBytes, kindOf } from '../bytes/bytes.js'
import type { KeyEncoding } from './key-encoding.js'
import { invalidArgument, LdbError } from '../ldb-error.js'
import { KEY_BYTES_MAX } from '../limits.js'
import { decodeTuple } from './tuple-decoder.js'
import { encodeTupleInto } from './tuple-encoder.js'
import type { TupleElement } from './tuple-encoder.js'

// Most keys fit the first; an array of this size is cheap, because it stays on the heap of V8.
const FIRST_BYTES = 64
const GROWTH = 16

/** The encoding of tuples; documented where it is exported, as `tupleKeys`. */
export const tuple: KeyEncoding<readonly TupleElement[]> = Object.freeze({
  name: 'tuple',
  encode: encodeTuple,
  decode: decodeTuple,
  encodeInto: (key: readonly TupleElement[], target: Uint8Array): number =>
    encodeTupleInto(toTuple(key), target, 0, 0),
  // No element's bytes are the beginning of another's, so a tuple's bytes begin with those of its first elements only.
  encodePrefix: encodeTuple,
  decodesBorrowed: true,
})

function encodeTuple(key: readonly TupleElement[]): Uint8Array {
  const elements = toTuple(key)
  for (let targetBytes = FIRST_BYTES; ; targetBytes = Math.min(targetBytes * GROWTH, KEY_BYTES_MAX)) {
    const target = new Uint8Array(targetBytes)
    const end = encodeTupleInto(elements, target, 0, 0)
    if (end >= 0) return end * 2 > targetBytes ? target.subarray(0, end) : copyBytes(target, 0, end)
    if (targetBytes === KEY_BYTES_MAX) {
      throw new LdbError('LDB_TOO_LARGE', `tuple is longer than a key may be, ${KEY_BYTES_MAX} bytes`, {
        details: { expected: KEY_BYTES_MAX },
      })
    }
  }
}

function toTuple(key: unknown): readonly TupleElement[] {
  if (!Array.isArray(key)) throw invalidArgument(`key must be an array, not ${kindOf(key)}`)
  return key as readonly TupleElement[]
}
