import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** The smallest chunk size that zlib accepts. */
const CHUNK_BYTES_MIN = 64

/** Node implementation of `deflateRaw`. */
export function deflateRaw(bytes: Uint8Array): Uint8Array {
  return plain(deflateRawSync(bytes, { level: 6 }))
}

/** Node implementation of `inflateRaw`. */
export function inflateRaw(bytes: Uint8Array, rawBytes: number): Uint8Array | undefined {
  // One extra byte lets zlib reach the end of the stream without a second chunk.
  const chunkSize = Math.max(CHUNK_BYTES_MIN, rawBytes + 1)
  let inflated: Uint8Array
  try {
    inflated = inflateRawSync(bytes, { chunkSize, maxOutputLength: rawBytes + 1 })
  } catch {
    return undefined
  }
  return inflated.length === rawBytes ? plain(inflated) : undefined
}

/** Returns a plain Uint8Array that shares no memory with Node's buffer pool. */
function plain(bytes: Uint8Array): Uint8Array {
  const owned = bytes.byteOffset === 0 && bytes.buffer.byteLength <= bytes.length + CHUNK_BYTES_MIN
  return owned ? new Uint8Array(bytes.buffer, 0, bytes.length) : new Uint8Array(bytes)
}
