// Segment header and seal: FORMAT.md of packages/wal.
import { ByteView } from '../bytes/byte-view.js'
import { readFileHeader, seedOfFile } from '../bytes/file-header.js'
import { requireKnown, requireSound } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { requireSort, UNIT_TRAILER_BYTES } from '../encryption/data-keys.js'
import type { DataKeys, FileCipher } from '../encryption/data-keys.js'

const HEADER_BYTES = 4096
const SEAL_OFFSET = 4096
export const RECORDS_OFFSET = 8192

/** A seal; `none` when its bytes are zero, `torn` when its checksum does not match. */
export type SealState = Seal | 'none' | 'torn'

/** The end of a segment to which no record will be added. */
export interface Seal {
  readonly kind: 'continued' | 'closed'
  readonly endLsn: number
  readonly lastSeq: number
  readonly chainHash: bigint
  readonly successorId: string
}

/** One file of a log. */
export interface Segment {
  readonly view: ByteView
  readonly seed: bigint
  /** Decrypts payloads; `undefined` when they are plain. */
  readonly cipher: FileCipher | undefined
  readonly segmentId: string
  readonly previousId: string
  readonly segmentNumber: number
  readonly baseLsn: number
  readonly durableEndLsn: number
  readonly lastSeq: number
  readonly seqFloor: number
  readonly chainHash: bigint
  readonly ownerId: string
  readonly firstRecordTime: number
  readonly capacityBytes: number
  readonly seal: SealState
}

/** Reads the header and the seal of a segment, and checks them in the order of the document. */
export function readSegment(bytes: Uint8Array, numberInName: number, keys?: DataKeys): Segment {
  const view = new ByteView(bytes)
  requireSound(view.length >= HEADER_BYTES, 'a segment is shorter than its header')
  const { flags } = readFileHeader(view, 'W', 3)
  requireKnown(flags <= 7, 'flags of a segment')
  const isEncrypted = (flags & 1) === 1
  requireSound(view.checksum(4088) === xxHash64(view.slice(0, 4088), 0n), 'checksum of a segment header')
  requireKnown(view.u8(120) <= 1 && (isEncrypted || view.u8(120) === 0), 'suite of a log')
  requireSort(isEncrypted, keys, 'the log')
  requireKnown(view.isZero(122, 124), 'padding of a segment header')
  requireKnown(view.isZero(160, 4088), 'reserved bytes of a segment header')
  const trailerBytes = isEncrypted ? UNIT_TRAILER_BYTES : 0
  requireSound(view.u8(120) === (isEncrypted ? 1 : 0), 'a log with the flag of a cipher and without one')
  requireSound(view.u8(121) === trailerBytes && view.u32(124) === 0, 'fields of a cipher')
  const seed = seedOfFile(view.slice(24, 40))
  const segment = {
    view,
    seed,
    cipher: keys?.cipherOf('log', view.slice(24, 40)),
    segmentId: view.hex(24, 40),
    previousId: view.hex(40, 56),
    segmentNumber: view.u64(56),
    baseLsn: view.u64(64),
    durableEndLsn: view.u64(72),
    lastSeq: view.u64(80),
    seqFloor: view.u64(88),
    chainHash: view.checksum(96),
    ownerId: view.hex(104, 120),
    firstRecordTime: view.u64(128),
    capacityBytes: view.u64(152),
  }
  requireSound(segment.baseLsn % 8 === 0, 'base lsn')
  requireSound(segment.durableEndLsn >= segment.baseLsn, 'durable end lsn')
  requireSound(segment.seqFloor >= segment.lastSeq, 'seq floor')
  requireSound(segment.segmentNumber === numberInName, 'segment number')
  requireSound(view.length >= RECORDS_OFFSET, 'a segment is shorter than its first two blocks')
  return { ...segment, seal: readSeal(new ByteView(view.slice(SEAL_OFFSET, SEAL_OFFSET + 56)), seed) }
}

function readSeal(view: ByteView, seed: bigint): SealState {
  if (view.isZero(0, 56)) return 'none'
  if (view.checksum(48) !== xxHash64(view.slice(0, 48), seed)) return 'torn'
  const kind = view.u32(0)
  requireKnown(kind === 1 || kind === 2, `seal of kind ${kind}`)
  requireKnown(view.u32(4) === 0, 'reserved field of a seal')
  const successorId = view.hex(32, 48)
  return {
    kind: kind === 1 ? 'continued' : 'closed',
    endLsn: view.u64(8),
    lastSeq: view.u64(16),
    chainHash: view.checksum(24),
    successorId,
  }
}
