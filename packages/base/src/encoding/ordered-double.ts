const SIGN = 0x8000_0000
// The one NaN there is; it comes after Infinity.
const NAN_HIGH = 0xfff8_0000

// Always written and then read within one call.
const scratch = new DataView(new ArrayBuffer(8))

/**
 * Writes a double as eight bytes whose order is the order of numbers: −Infinity … −0, 0 … Infinity, NaN.
 *
 * @remarks The caller has made room. The bits are those of IEEE 754, big-endian, with the sign bit turned over, or all
 * bits where it was set. Every NaN becomes the same one.
 */
export function encodeOrderedDouble(value: number, target: Uint8Array, offset: number): void {
  let high = NAN_HIGH
  let low = 0
  if (value === value) {
    scratch.setFloat64(0, value)
    high = scratch.getInt32(0)
    low = scratch.getInt32(4)
    if (high < 0) {
      high = ~high
      low = ~low
    } else {
      high ^= SIGN
    }
  }
  scratch.setInt32(0, high)
  scratch.setInt32(4, low)
  for (let i = 0; i < 8; i++) target[offset + i] = scratch.getUint8(i)
}

/**
 * Reads what {@link encodeOrderedDouble} wrote; `undefined` for bytes that it never writes (a NaN other than its own).
 */
export function decodeOrderedDouble(bytes: Uint8Array, offset: number): number | undefined {
  for (let i = 0; i < 8; i++) scratch.setUint8(i, bytes[offset + i]!)
  const high = scratch.getInt32(0)
  const low = scratch.getInt32(4)
  scratch.setInt32(0, high < 0 ? high ^ SIGN : ~high)
  scratch.setInt32(4, high < 0 ? low : ~low)
  const value = scratch.getFloat64(0)
  if (value === value) return value
  return high >>> 0 === NAN_HIGH && low === 0 ? Number.NaN : undefined
}
