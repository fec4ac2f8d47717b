import type { CompressionCodec } from '../src/index.js'

/** A codec of the application that drops the letters x at the end. */
export function trimming(id = 140): CompressionCodec & { calls: number } {
  const codec = {
    id,
    name: `trimming ${id}`,
    calls: 0,
    compress: (bytes: Uint8Array): Uint8Array | undefined => {
      let end = bytes.length
      while (end > 0 && bytes[end - 1] === 120) end--
      return bytes.subarray(0, end)
    },
    decompress: (bytes: Uint8Array, rawBytes: number): Uint8Array => {
      codec.calls++
      const raw = new Uint8Array(rawBytes).fill(120)
      raw.set(bytes)
      return raw
    },
  }
  return codec
}
