import { deflateSync, inflateSync } from 'fflate'

/** Compresses to raw deflate (RFC 1951), without a zlib or gzip wrapper. */
export function deflateRaw(bytes: Uint8Array): Uint8Array {
  return deflateSync(bytes, { level: 6 })
}

/**
 * Decompresses raw deflate to exactly `rawBytes` bytes. Returns `undefined` when the input decompresses to any other length
 * or is not a deflate stream. Allocates at most `rawBytes + 1` bytes.
 */
export function inflateRaw(bytes: Uint8Array, rawBytes: number): Uint8Array | undefined {
  // fflate does not grow a given buffer and drops the excess: the extra byte detects output that is too long.
  const target = new Uint8Array(rawBytes + 1)
  let inflated: Uint8Array
  try {
    inflated = inflateSync(bytes, { out: target })
  } catch {
    return undefined
  }
  // For empty input, fflate returns the whole buffer.
  return inflated.length === rawBytes && bytes.length > 0 ? inflated : undefined
}
