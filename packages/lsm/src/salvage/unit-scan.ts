import { readU32, readU64 } from '@ldb/base'
import { seedOfFile, UnitCodec } from '@ldb/integrity'
import {
  HEADER_BYTES,
  TRAILER_BYTES,
  TRAILER_CHECKSUM_OFFSET,
  TRAILER_CONTENT_OFFSET,
  TRAILER_FILE_OFFSET_OFFSET,
  TRAILER_RESERVED_OFFSET,
  UnitContent,
} from '../format.js'

/** An intact unit of a table, or bytes that are none. */
export interface ScannedUnit {
  readonly fileOffset: number
  readonly byteCount: number
  /** One of `UnitContent`; `undefined` for damaged bytes. */
  readonly content: number | undefined
}

/**
 * Finds the units of a table without its index: a trailer names the place where its unit begins, and its checksum proves it.
 *
 * @param bytes - the whole file, whose header is intact.
 */
export function scanUnits(bytes: Uint8Array, fileId: Uint8Array): ScannedUnit[] {
  const codec = new UnitCodec(seedOfFile(fileId))
  const units: ScannedUnit[] = []
  let start = HEADER_BYTES
  for (let end = start + TRAILER_BYTES; end <= bytes.length; end++) {
    const fileOffset = unitEndingAt(bytes, end, start, codec)
    if (fileOffset < 0) continue
    if (fileOffset > start) units.push(damaged(start, fileOffset))
    const content = bytes[end - TRAILER_BYTES + TRAILER_CONTENT_OFFSET]
    units.push({ fileOffset, byteCount: end - fileOffset, content })
    start = end
    end += TRAILER_BYTES - 1
  }
  if (start < bytes.length) units.push(damaged(start, bytes.length))
  return units
}

/** Returns the offset of the intact unit that ends at an offset and does not begin before `start`; -1 when there is none. */
function unitEndingAt(bytes: Uint8Array, end: number, start: number, codec: UnitCodec): number {
  const trailer = end - TRAILER_BYTES
  const content = bytes[trailer + TRAILER_CONTENT_OFFSET] ?? 0
  if (content < UnitContent.Data || content > UnitContent.Footer) return -1
  const reserved = trailer + TRAILER_RESERVED_OFFSET
  if (bytes[reserved] !== 0 || bytes[reserved + 1] !== 0) return -1
  const fileOffset = readU64(bytes, trailer + TRAILER_FILE_OFFSET_OFFSET)
  if (fileOffset < start || fileOffset > trailer) return -1
  const checksum = trailer + TRAILER_CHECKSUM_OFFSET
  const isIntact = codec.isIntact(
    bytes,
    fileOffset,
    checksum,
    readU32(bytes, checksum) | 0,
    readU32(bytes, checksum + 4) | 0,
  )
  return isIntact ? fileOffset : -1
}

function damaged(start: number, end: number): ScannedUnit {
  return { fileOffset: start, byteCount: end - start, content: undefined }
}
