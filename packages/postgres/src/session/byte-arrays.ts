// The binary form of PostgreSQL's arrays of one dimension. Its integers are big-endian.

const BYTEA = 17
const INT8 = 20
const HEADER_BYTES = 20
const EMPTY_BYTES = 12
const LENGTH_BYTES = 4
/** Length of an element that is null. */
const NULL_LENGTH = -1

/** Returns a `bytea[]` in binary form. `undefined` stands for null. */
export function encodeByteaArray(elements: readonly (Uint8Array | undefined)[]): Buffer {
  let size = HEADER_BYTES
  for (const element of elements) size += LENGTH_BYTES + (element?.length ?? 0)
  const array = Buffer.allocUnsafe(elements.length === 0 ? EMPTY_BYTES : size)
  let offset = writeHeader(array, BYTEA, elements.length)
  for (const element of elements) {
    offset = array.writeInt32BE(element?.length ?? NULL_LENGTH, offset)
    if (element === undefined) continue
    array.set(element, offset)
    offset += element.length
  }
  return array
}

/** Returns an `int8[]` in binary form. */
export function encodeInt8Array(elements: readonly number[]): Buffer {
  const array = Buffer.allocUnsafe(
    elements.length === 0 ? EMPTY_BYTES : HEADER_BYTES + elements.length * (LENGTH_BYTES + 8),
  )
  let offset = writeHeader(array, INT8, elements.length)
  for (const element of elements) {
    offset = array.writeInt32BE(8, offset)
    offset = array.writeBigInt64BE(BigInt(element), offset)
  }
  return array
}

function writeHeader(array: Buffer, type: number, count: number): number {
  array.writeInt32BE(count === 0 ? 0 : 1, 0)
  // The flag that nulls are present: the server computes it anew.
  array.writeInt32BE(1, 4)
  array.writeInt32BE(type, 8)
  if (count === 0) return EMPTY_BYTES
  array.writeInt32BE(count, 12)
  array.writeInt32BE(1, 16)
  return HEADER_BYTES
}
