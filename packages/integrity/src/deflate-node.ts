import { deflateRawSync, inflateRawSync } from 'node:zlib'

/** zlib takes no smaller chunks. */
const CHUNK_BYTES_MIN = 64

/** Node's twin of `deflateRaw`. */
export function deflateRaw(bytes: Uint8Array): Uint8Array {
  return plain(deflateRawSync(bytes, { level: 6 }))
}

/** Node's twin of `inflateRaw`. */
export function inflateRaw(bytes: Uint8Array, rawBytes: number): Uint8Array | undefined {
  // One byte of room to spare, so that zlib sees the end without asking for a second chunk.
  const chunkSize = Math.max(CHUNK_BYTES_MIN, rawBytes + 1)
  let inflated: Uint8Array
  try {
    inflated = inflateRawSync(bytes, { chunkSize, maxOutputLength: rawBytes + 1 })
  } catch {
    return undefined
  }
  return inflated.length === rawBytes ? plain(inflated) : undefined
}

/** Returns a Uint8Array that shares no memory with Node's pool of buffers. */
function plain(bytes: Uint8Array): Uint8Array {
  const owned = bytes.byteOffset === 0 && bytes.buffer.byteLength <= bytes.length + CHUNK_BYTES_MIN
  return owned ? new Uint8Array(bytes.buffer, 0, bytes.length) : new Uint8Array(bytes)
}
