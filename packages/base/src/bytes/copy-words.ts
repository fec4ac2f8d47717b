/** Longer copies use views; creating two views costs as much as copying 256 bytes by words. */
const WORDWISE_BYTES_MAX = 256

/**
 * Copies `length` bytes between two buffers by 32-bit words. `TypedArray.set` needs views, whose creation costs more than copying 100
 * bytes. Unrolling to four words halves the time. The two ranges must not overlap.
 *
 * @remarks Allocates nothing for copies of up to 256 bytes. Offsets are relative to the views.
 * @throws RangeError when a range does not lie within its view.
 * @category Bytes
 */
export function copyWords(
  source: DataView,
  sourceStart: number,
  target: DataView,
  targetStart: number,
  length: number,
): void {
  if (length > WORDWISE_BYTES_MAX) {
    bytesOf(target, targetStart, length).set(bytesOf(source, sourceStart, length))
    return
  }
  let index = 0
  for (; index <= length - 16; index += 16) {
    const from = sourceStart + index
    const to = targetStart + index
    const a = source.getInt32(from, true)
    const b = source.getInt32(from + 4, true)
    const c = source.getInt32(from + 8, true)
    const d = source.getInt32(from + 12, true)
    target.setInt32(to, a, true)
    target.setInt32(to + 4, b, true)
    target.setInt32(to + 8, c, true)
    target.setInt32(to + 12, d, true)
  }
  for (; index <= length - 4; index += 4) {
    target.setInt32(targetStart + index, source.getInt32(sourceStart + index, true), true)
  }
  for (; index < length; index++) target.setUint8(targetStart + index, source.getUint8(sourceStart + index))
}

function bytesOf(view: DataView, start: number, length: number): Uint8Array {
  if (length > view.byteLength - start) throw new RangeError('copy exceeds its view')
  return new Uint8Array(view.buffer, view.byteOffset + start, length)
}
