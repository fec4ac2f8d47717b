import { decodeVarint, encodeVarint, readU64, VARINT_BYTES_MAX, varintBytes, writeU64 } from '@ldb/base'
import type { Tombstone } from '../entry/tombstones.js'

// Each tombstone: stamp (u64), varint length of the lower bound, its bytes, varint length of the upper bound plus one (0 for none),
// its bytes.

/** Upper bound of the bytes that tombstones take. */
export function tombstoneBytesMax(tombstones: readonly Tombstone[]): number {
  let bytes = 0
  for (const { lower, upper } of tombstones) {
    bytes += 8 + 2 * VARINT_BYTES_MAX + lower.length + (upper?.length ?? 0)
  }
  return bytes
}

/** Writes tombstones to `target` at `start` and returns the end. */
export function encodeTombstones(
  tombstones: readonly Tombstone[],
  target: Uint8Array,
  start: number,
): number {
  let end = start
  for (const { lower, upper, stamp } of tombstones) {
    writeU64(target, end, stamp)
    end = encodeVarint(lower.length, target, end + 8)
    target.set(lower, end)
    end = encodeVarint(upper === undefined ? 0 : upper.length + 1, target, end + lower.length)
    if (upper === undefined) continue
    target.set(upper, end)
    end += upper.length
  }
  return end
}

/** Decodes all tombstones of a payload; `undefined` when it is malformed. */
export function decodeTombstones(bytes: Uint8Array): Tombstone[] | undefined {
  const tombstones: Tombstone[] = []
  let offset = 0
  while (offset < bytes.length) {
    if (bytes.length - offset < 8) return undefined
    const stamp = readU64(bytes, offset)
    const lowerLength = decodeVarint(bytes, offset + 8, bytes.length)
    if (stamp < 0 || lowerLength < 0) return undefined
    const lowerStart = offset + 8 + varintBytes(lowerLength)
    if (lowerLength > bytes.length - lowerStart) return undefined
    const lowerEnd = lowerStart + lowerLength
    const upperField = decodeVarint(bytes, lowerEnd, bytes.length)
    if (upperField < 0) return undefined
    const upperStart = lowerEnd + varintBytes(upperField)
    const upperLength = Math.max(0, upperField - 1)
    if (upperLength > bytes.length - upperStart) return undefined
    offset = upperStart + upperLength
    const upper = upperField === 0 ? undefined : bytes.slice(upperStart, offset)
    tombstones.push({ lower: bytes.slice(lowerStart, lowerEnd), upper, stamp })
  }
  return tombstones
}
