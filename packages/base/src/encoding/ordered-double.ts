const SIGN = 0x8000_0000
// High half of the canonical NaN, which is above Infinity.
const NAN_HIGH = 0xfff8_0000

// Written and read within one call.
const scratch = new DataView(new ArrayBuffer(8))

/**
 * Writes a double as eight bytes that compare like the numbers: −Infinity … −0, 0 … Infinity, NaN.
 *
 * @remarks Does not check that eight bytes fit. The bits are those of IEEE 754, big-endian, with the sign bit inverted, or with all
 * bits inverted when the sign bit is set. Every NaN is written as the canonical one.
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
 * Reads a double that {@link encodeOrderedDouble} wrote; `undefined` for a NaN that is not canonical.
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
