import { readU32, readU64, writeU32, writeU64 } from '@ldb/base'
import { xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import { ChainHash } from './chain-hash.js'
import type { SegmentHeader } from './header.js'
import {
  SEAL_BYTES,
  SEAL_CHAIN_HASH,
  SEAL_CHECKSUM,
  SEAL_END_LSN,
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

/** Encodes a seal with the checksum seed of its segment. */
export function encodeSeal(seal: Seal, seed: Seed64): Uint8Array {
  const target = new Uint8Array(SEAL_BYTES)
  writeU32(target, SEAL_KIND, seal.kind)
  writeU64(target, SEAL_END_LSN, seal.endLsn)
  writeU64(target, SEAL_LAST_SEQ, seal.lastSeq)
  writeU32(target, SEAL_CHAIN_HASH, seal.chainHash.low >>> 0)
  writeU32(target, SEAL_CHAIN_HASH + 4, seal.chainHash.high >>> 0)
  target.set(seal.successorId, SEAL_SUCCESSOR_ID)
  xxHash64(target, 0, SEAL_CHECKSUM, seed, halves)
  writeU32(target, SEAL_CHECKSUM, halves[0]! >>> 0)
  writeU32(target, SEAL_CHECKSUM + 4, halves[1]! >>> 0)
  return target
}

/**
 * Decodes a seal. Returns `'none'` for zeros and `'torn'` for any other bytes that are not a valid seal: a crash may tear the write of a
 * seal, and recovery treats a torn seal like a missing one.
 *
 * @param source - the {@link SEAL_BYTES} bytes of the seal, or fewer when the file is shorter.
 */
export function decodeSeal(source: Uint8Array, seed: Seed64): Seal | 'none' | 'torn' {
  if (source.every((byte) => byte === 0)) return 'none'
  if (source.length < SEAL_BYTES) return 'torn'
  xxHash64(source, 0, SEAL_CHECKSUM, seed, halves)
  if (
    readU32(source, SEAL_CHECKSUM) !== halves[0]! >>> 0 ||
    readU32(source, SEAL_CHECKSUM + 4) !== halves[1]! >>> 0
  ) {
    return 'torn'
  }
  const kind = readU32(source, SEAL_KIND)
  const endLsn = readU64(source, SEAL_END_LSN)
  const lastSeq = readU64(source, SEAL_LAST_SEQ)
  if (kind !== SealKind.continued && kind !== SealKind.closed) return 'torn'
  if (readU32(source, SEAL_RESERVED) !== 0 || endLsn < 0 || lastSeq < 0) return 'torn'
  return {
    kind,
    endLsn,
    lastSeq,
    chainHash: new ChainHash(readU32(source, SEAL_CHAIN_HASH) | 0, readU32(source, SEAL_CHAIN_HASH + 4) | 0),
    successorId: source.slice(SEAL_SUCCESSOR_ID, SEAL_SUCCESSOR_ID + SEGMENT_ID_BYTES),
  }
}
