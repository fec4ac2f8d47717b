import { corruption, readU32, readU64, writeU32, writeU64 } from '@ldb/base'
import { UnitKind } from '@ldb/integrity'
import type { UnitCodec, UnitFile } from '@ldb/integrity'
import { ChainHash } from './chain-hash.js'
import { formatError } from './format-error.js'
import type { SegmentHeader } from './header.js'
import {
  SEAL_BYTES,
  SEAL_CHAIN_HASH,
  SEAL_CHECKSUM,
  SEAL_END_LSN,
  SEAL_FILE_OFFSET,
  SEAL_KIND,
  SEAL_LAST_SEQ,
  SEAL_RESERVED,
  SEAL_SUCCESSOR_ID,
  SEGMENT_ID_BYTES,
  SealKind,
} from '../format.js'

/**
 * Seal of a segment: written when no record will be added to the segment, because the log was rotated or closed. It precedes
 * the records in the file, so that a truncation of the file does not remove it.
 */
export interface Seal {
  readonly kind: SealKind
  /** Exact end of the records of this segment. */
  readonly endLsn: number
  /** Seq of the last record before `endLsn`. */
  readonly lastSeq: number
  /** Chain hash over all records before `endLsn`. */
  readonly chainHash: ChainHash
  /** Id of the next segment; zeros when the log was closed. */
  readonly successorId: Uint8Array
}

const halves = new Int32Array(2)

/** Returns the seal of the predecessor of the segment with this header. */
export function sealBefore(header: SegmentHeader): Seal {
  const { baseLsn, lastSeq, chainHash, segmentId } = header
  return { kind: SealKind.continued, endLsn: baseLsn, lastSeq, chainHash, successorId: segmentId }
}

/** Writes a seal to the file of its segment; the caller syncs the file. */
export function writeSeal(file: UnitFile, seal: Seal, frame: UnitCodec): void {
  const bytes = encodeSeal(seal, frame)
  frame.write(file, UnitKind.SegmentSeal, SEAL_FILE_OFFSET, 0, bytes, 0, bytes.length)
}

/**
 * Encodes a seal.
 *
 * @param frame - the segment's codec for stored bytes: a seal is never encrypted.
 */
export function encodeSeal(seal: Seal, frame: UnitCodec): Uint8Array {
  const target = new Uint8Array(SEAL_BYTES)
  writeU32(target, SEAL_KIND, seal.kind)
  writeU64(target, SEAL_END_LSN, seal.endLsn)
  writeU64(target, SEAL_LAST_SEQ, seal.lastSeq)
  writeU32(target, SEAL_CHAIN_HASH, seal.chainHash.low >>> 0)
  writeU32(target, SEAL_CHAIN_HASH + 4, seal.chainHash.high >>> 0)
  target.set(seal.successorId, SEAL_SUCCESSOR_ID)
  frame.checksum(target, 0, SEAL_CHECKSUM, halves)
  writeU32(target, SEAL_CHECKSUM, halves[0]! >>> 0)
  writeU32(target, SEAL_CHECKSUM + 4, halves[1]! >>> 0)
  return target
}

/**
 * Decodes a seal. Returns `'none'` for zeros and `'torn'` for bytes that do not match their checksum: a crash may tear the write of a
 * seal, and recovery treats a torn seal like a missing one.
 *
 * @param source - the {@link SEAL_BYTES} bytes of the seal, or fewer when the file is shorter.
 * @param file - path of the segment, for errors.
 * @throws {@link LdbError} LDB_FORMAT when an intact seal has an unknown kind or reserved bytes; LDB_CORRUPTION when its numbers exceed 2^53 − 1.
 */
export function decodeSeal(source: Uint8Array, frame: UnitCodec, file: string): Seal | 'none' | 'torn' {
  if (source.every((byte) => byte === 0)) return 'none'
  if (source.length < SEAL_BYTES) return 'torn'
  const low = readU32(source, SEAL_CHECKSUM) | 0
  const high = readU32(source, SEAL_CHECKSUM + 4) | 0
  if (!frame.isIntact(source, 0, SEAL_CHECKSUM, low, high)) return 'torn'
  const kind = readU32(source, SEAL_KIND)
  const endLsn = readU64(source, SEAL_END_LSN)
  const lastSeq = readU64(source, SEAL_LAST_SEQ)
  if ((kind !== SealKind.continued && kind !== SealKind.closed) || readU32(source, SEAL_RESERVED) !== 0) {
    throw formatError(
      file,
      SEAL_FILE_OFFSET,
      `the seal of a log segment has kind ${kind} or reserved bytes, which this build does not know`,
    )
  }
  if (endLsn < 0 || lastSeq < 0) {
    throw corruption(file, SEAL_FILE_OFFSET, 'the seal of a log segment is inconsistent')
  }
  return {
    kind,
    endLsn,
    lastSeq,
    chainHash: new ChainHash(readU32(source, SEAL_CHAIN_HASH) | 0, readU32(source, SEAL_CHAIN_HASH + 4) | 0),
    successorId: source.slice(SEAL_SUCCESSOR_ID, SEAL_SUCCESSOR_ID + SEGMENT_ID_BYTES),
  }
}
