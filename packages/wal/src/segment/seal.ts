import { readU32, readU64, writeU32, writeU64 } from '@ldb/base'
import { xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import { ChainHash } from './chain-hash.js'
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
 * What is written into a segment when nothing will follow in it: that the log goes on in another segment, or that it
 * was closed. It lies in front of the records, so that whatever cuts records off the end leaves it standing.
 */
export interface Seal {
  readonly kind: SealKind
  /** Where the records of this segment end, exactly. */
  readonly endLsn: number
  /** Seq of the last record before that end. */
  readonly lastSeq: number
  /** Chain hash over all records before that end. */
  readonly chainHash: ChainHash
  /** Id of the next segment; zeros when the log was closed here. */
  readonly successorId: Uint8Array
}

const halves = new Int32Array(2)

/** Encodes a seal, salted with the seed of its segment. */
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
 * Decodes a seal. Gives `'none'` for zeros, and `'torn'` for bytes that are none: a crash may tear the write of a
 * seal, and a segment without one is read as if it had none.
 *
 * @param source - the {@link SEAL_BYTES} bytes of the seal, or fewer when the file ends there.
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
