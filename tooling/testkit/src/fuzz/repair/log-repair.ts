import { SEED_ZERO } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import { viewOf } from '../../corruption/tree-layout.js'
import { checksumOf, putChecksum, repairFileHeader, seedOfChecksum } from './checksum.js'

const RECORDS_START = 8192
const RECORD_HEADER = 32
const SEAL = 4096

/** Recomputes the checksums of a log segment, of its header, its records and its seal, and the hash chain in the seal. */
export function repairSegment(bytes: Uint8Array): void {
  if (bytes.length < RECORDS_START) return
  const view = viewOf(bytes)
  repairFileHeader(bytes, 0)
  putChecksum(bytes, 4088, 0, 4088, SEED_ZERO)
  const seed = seedOfChecksum(bytes, 24, 40)
  const baseLsn = view.getBigUint64(64, true)
  let low = view.getInt32(96, true)
  let high = view.getInt32(100, true)
  const endLsn = view.getBigUint64(SEAL + 8, true)
  for (let at = RECORDS_START; at + RECORD_HEADER <= bytes.length;) {
    const lsn = BigInt.asUintN(64, baseLsn + BigInt(at - RECORDS_START))
    const payloadBytes = view.getUint32(at + 12, true)
    const end = at + RECORD_HEADER + payloadBytes
    const isRecord = view.getUint32(at + 8, true) !== 0 || view.getUint32(at, true) !== 0
    if (!isRecord || end > bytes.length || (lsn >= endLsn && endLsn !== 0n)) break
    repairRecord(bytes, view, at, end, lsn, seed)
    low = Math.imul(((low << 13) | (low >>> 19)) ^ view.getInt32(at, true), 0x85ebca77)
    high = Math.imul(((high << 17) | (high >>> 15)) ^ view.getInt32(at + 4, true) ^ low, 0xc2b2ae3d)
    at += RECORD_HEADER + Math.ceil(payloadBytes / 8) * 8
  }
  if (view.getUint32(SEAL, true) === 0) return
  view.setInt32(SEAL + 24, low, true)
  view.setInt32(SEAL + 28, high, true)
  putChecksum(bytes, SEAL + 48, SEAL, SEAL + 48, seed)
}

function repairRecord(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  end: number,
  lsn: bigint,
  seed: Seed64,
): void {
  const lsnLow = Number(BigInt.asIntN(32, lsn))
  const lsnHigh = Number(BigInt.asIntN(32, lsn >> 32n))
  view.setInt32(at + 8, checksumOf(bytes, at + 12, at + RECORD_HEADER, seed)[0] ^ lsnLow, true)
  const [low, high] = checksumOf(bytes, at + 8, end, seed)
  view.setInt32(at, low ^ lsnLow, true)
  view.setInt32(at + 4, high ^ lsnHigh, true)
}
