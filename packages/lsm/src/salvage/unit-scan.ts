import { readU32, readU64 } from '@ldb/base'
import { seedOfFile, UnitCodec, UnitKind } from '@ldb/integrity'
import type { DataKeys, FileCipher } from '@ldb/integrity'
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
 * @param keys - the data keys of an encrypted store.
 */
export function scanUnits(bytes: Uint8Array, fileId: Uint8Array, keys?: DataKeys): ScannedUnit[] {
  if (keys !== undefined) return scanSealedUnits(bytes, fileId, keys)
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

/**
 * Finds the units of an encrypted table: the trailer of a unit ends with the number of a data key, and only the unit between two such
 * places can be decrypted. A number that is there by chance is no end: the next unit may begin before it.
 */
function scanSealedUnits(bytes: Uint8Array, fileId: Uint8Array, keys: DataKeys): ScannedUnit[] {
  const cipher = keys.cipherOf('table', fileId)
  const units: ScannedUnit[] = []
  const { ids } = keys
  let start = HEADER_BYTES
  /** The last place that looked like an end. */
  let mark = HEADER_BYTES
  for (let end = start + TRAILER_BYTES + cipher.trailerBytes; end <= bytes.length; end++) {
    if (!ids.includes(readU32(bytes, end - KEY_NUMBER_BYTES))) continue
    const starts = mark === start ? [start] : [start, mark]
    mark = end
    for (const fileOffset of starts) {
      if (end - fileOffset < TRAILER_BYTES + cipher.trailerBytes) continue
      const unit = bytes.slice(fileOffset, end)
      const content = sealedContent(cipher, fileOffset, unit)
      if (content === undefined) continue
      if (fileOffset > start) units.push(damaged(start, fileOffset))
      units.push({ fileOffset, byteCount: end - fileOffset, content })
      start = end
      break
    }
  }
  if (start < bytes.length) units.push(damaged(start, bytes.length))
  return units
}

/** The trailer of an encrypted unit ends with the number of its data key. */
const KEY_NUMBER_BYTES = 4

/** Decrypts a unit, and returns what it contains; `undefined` when it does not authenticate. */
function sealedContent(cipher: FileCipher, fileOffset: number, unit: Uint8Array): number | undefined {
  for (const kind of [UnitKind.Block, UnitKind.Filter]) {
    const plain = unit.slice()
    if (!cipher.decrypt(kind, fileOffset, 0, plain, 0, plain.length)) continue
    return plain[plain.length - cipher.trailerBytes - TRAILER_BYTES + TRAILER_CONTENT_OFFSET]
  }
  return undefined
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
