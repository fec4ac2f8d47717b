// Records of a log: FORMAT.md of packages/wal, "Record" and "Good records".
import { requireKnown } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { UNIT_KINDS } from '../encryption/data-keys.js'
import { RECORDS_OFFSET } from './segment.js'
import type { Segment } from './segment.js'

const HEADER_BYTES = 32
const PAYLOAD_BYTES_MAX = 1_090_519_040
const SEQ_MAX = BigInt(Number.MAX_SAFE_INTEGER)

/** A record whose header is good. `isGood` reports whether payload, padding and checksum are good, too. */
export interface LogRecord {
  readonly lsn: number
  readonly endLsn: number
  readonly syncedPosition: number
  readonly seq: number
  readonly type: number
  readonly checksum: bigint
  /** Encrypted in a record that was not opened. */
  readonly payload: Uint8Array
  /** Bytes of the payload in the file. */
  readonly storedBytes: number
  readonly isGood: boolean
}

/** Returns the record at an lsn; `undefined` when its header is not good. `limit` is the lsn at which reading ends. */
export function recordAt(segment: Segment, lsn: number, limit: number): LogRecord | undefined {
  const { view, seed, baseLsn } = segment
  const start = RECORDS_OFFSET + lsn - baseLsn
  if (lsn + HEADER_BYTES > limit || start + HEADER_BYTES > view.length) return undefined
  const payloadBytes = view.u32(start + 12)
  const recordBytes = Math.ceil((HEADER_BYTES + payloadBytes) / 8) * 8
  const endLsn = lsn + recordBytes
  if (payloadBytes > PAYLOAD_BYTES_MAX || endLsn > limit || start + recordBytes > view.length)
    return undefined
  const unsyncedBytes = view.u32(start + 24)
  if (unsyncedBytes > lsn - baseLsn || view.checksum(start + 16) > SEQ_MAX) return undefined
  if (view.u32(start + 8) === 0 && payloadBytes === 0 && view.u32(start) === 0) return undefined
  const headerHash = xxHash64(view.slice(start + 12, start + 32), seed)
  if (BigInt(view.u32(start + 8)) !== ((headerHash ^ BigInt(lsn)) & 0xffff_ffffn)) return undefined
  const payloadEnd = start + HEADER_BYTES + payloadBytes
  const checksum = view.checksum(start)
  const isGood =
    view.isZero(payloadEnd, start + recordBytes) &&
    checksum === (xxHash64(view.slice(start + 8, payloadEnd), seed) ^ BigInt(lsn))
  requireKnown(view.isZero(start + 29, start + 32), `reserved bytes of the record at lsn ${lsn}`)
  return {
    lsn,
    endLsn,
    syncedPosition: lsn - unsyncedBytes,
    seq: view.u64(start + 16),
    type: view.u8(start + 28),
    checksum,
    payload: view.slice(start + HEADER_BYTES, payloadEnd),
    storedBytes: payloadBytes,
    isGood,
  }
}

/** Returns a record with its payload decrypted. */
export function opened({ cipher }: Segment, record: LogRecord): LogRecord {
  const { type, lsn, seq, payload } = record
  if (cipher === undefined) return record
  return { ...record, payload: cipher.open(UNIT_KINDS.logRecord + 256 * type, lsn, seq, payload) }
}

/** Returns the chain hash after a record: low half in the low 32 bits. */
export function extendChain(chainHash: bigint, checksum: bigint): bigint {
  const low = Number(chainHash & 0xffff_ffffn)
  const high = Number(chainHash >> 32n)
  const nextLow = Math.imul(rotateLeft(low, 13) ^ Number(checksum & 0xffff_ffffn), 0x85ebca77) >>> 0
  const nextHigh = Math.imul(rotateLeft(high, 17) ^ Number(checksum >> 32n) ^ nextLow, 0xc2b2ae3d) >>> 0
  return (BigInt(nextHigh) << 32n) | BigInt(nextLow)
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}
