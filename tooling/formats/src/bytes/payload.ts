// Compressed payloads: "Codecs" and "LZ4" of FORMAT.md of packages/integrity.
import { inflateRawSync } from 'node:zlib'
import { FormatError, requireKnown, requireSound, requireSupported } from './format-error.js'

const RAW_BYTES_MAX = 67_108_864

/** Returns the payload of a unit, uncompressed. */
export function decompressed(codec: number, stored: Uint8Array, rawBytes: number): Uint8Array {
  if (codec === 0) {
    requireSound(stored.length === rawBytes, 'length of a payload')
    return stored
  }
  requireKnown(codec <= 3 || (codec >= 128 && codec <= 255), `codec ${codec}`)
  requireSupported(codec === 1 || codec === 2, `codec ${codec}`)
  requireSound(rawBytes <= RAW_BYTES_MAX, 'a compressed payload is too long')
  const raw = codec === 1 ? inflated(stored, rawBytes) : unpackLz4(stored, rawBytes)
  requireSound(raw.length === rawBytes, 'a payload decompresses to another length')
  return raw
}

function inflated(stored: Uint8Array, rawBytes: number): Uint8Array {
  try {
    return inflateRawSync(stored, { maxOutputLength: rawBytes + 1 })
  } catch {
    throw new FormatError('LDB_CORRUPTION', 'a payload does not inflate')
  }
}

/** Decompresses a block of LZ4, byte by byte. The bytes of a dictionary precede the output. */
export function unpackLz4(
  block: Uint8Array,
  rawBytes: number,
  dictionary: Uint8Array = new Uint8Array(),
): Uint8Array {
  requireSound(rawBytes <= 255 * block.length, 'a block of LZ4 is too short')
  const raw = new Uint8Array(rawBytes)
  let at = 0
  let end = 0
  const next = (): number => {
    const byte = block[at]
    requireSound(byte !== undefined, 'a block of LZ4 ends within a sequence')
    at += 1
    return byte
  }
  const lengthOf = (bits: number): number => {
    let length = bits
    for (let byte = bits === 15 ? 255 : 0; byte === 255; length += byte) byte = next()
    return length
  }
  const append = (byte: number): void => {
    requireSound(end < rawBytes, 'a block of LZ4 is longer than stated')
    raw[end] = byte
    end += 1
  }
  const byteAt = (from: number): number => (from < 0 ? dictionary[dictionary.length + from] : raw[from]) ?? 0
  for (;;) {
    const token = next()
    for (let rest = lengthOf(token >>> 4); rest > 0; rest -= 1) append(next())
    if (at === block.length) return raw.subarray(0, end)
    const offset = next() + 256 * next()
    requireSound(offset > 0 && offset <= end + dictionary.length, 'an offset of LZ4 is outside of the output')
    for (let rest = lengthOf(token & 15) + 4; rest > 0; rest -= 1) append(byteAt(end - offset))
  }
}
