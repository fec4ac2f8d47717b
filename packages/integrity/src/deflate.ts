import { deflateSync, inflateSync } from 'fflate'

/** Compresses to raw deflate (RFC 1951), without a wrapper. */
export function deflateRaw(bytes: Uint8Array): Uint8Array {
  return deflateSync(bytes, { level: 6 })
}

/**
 * Decompresses raw deflate that should give `rawBytes` bytes, and gives `undefined` where it does not: for fewer
 * bytes, more bytes, or no deflate at all. Never takes memory for more than one byte beyond them.
 */
export function inflateRaw(bytes: Uint8Array, rawBytes: number): Uint8Array | undefined {
  // Given a buffer, fflate does not grow it and drops what does not fit: the byte too many tells that more came.
  const target = new Uint8Array(rawBytes + 1)
  let inflated: Uint8Array
  try {
    inflated = inflateSync(bytes, { out: target })
  } catch {
    return undefined
  }
  // For empty input fflate gives the whole buffer back.
  return inflated.length === rawBytes && bytes.length > 0 ? inflated : undefined
}
