// Strategy: records of a segment with a small test cipher, written through the record buffer and read through the cursor.
// Invariants: payloads are read back unchanged and stored as ciphertext; the records are found good without the key; a wrong key or position is
// LDB_CORRUPTION; borrowed payloads stay plain in memory.
import type { UnitCipher } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { ChainHash } from '../src/segment/chain-hash.js'
import { SegmentCursor } from '../src/segment/cursor.js'
import type { SegmentHeader } from '../src/segment/header.js'
import { Segment } from '../src/segment/segment.js'
import { RecordBuffer } from '../src/write/record-buffer.js'
import { codeOf } from './error-code.js'
import { payloadOf } from './log-content.js'

const TRAILER_BYTES = 5
const PATH = 'segment'
const HEADER: SegmentHeader = {
  segmentId: new Uint8Array(16).fill(9),
  previousId: new Uint8Array(16),
  segmentNumber: 1,
  baseLsn: 64,
  durableEndLsn: 64,
  lastSeq: 0,
  seqFloor: 0,
  chainHash: new ChainHash(0, 0),
  ownerId: new Uint8Array(16),
  firstRecordTime: 0,
  capacityBytes: 65_536,
  hasExternalValues: false,
  encryption: undefined,
  archiveBranchId: new Uint8Array(16),
}

/** XORs the content with the key and appends the key and the context in place of a tag. */
function testCipher(key: number): UnitCipher {
  const trailer = (kind: number, position: number, epoch: number): number[] => [
    key,
    kind,
    position,
    epoch,
    0x77,
  ]
  return {
    suite: 255,
    trailerBytes: TRAILER_BYTES,
    createVersion: () => {
      throw new Error('the log keeps its checksums')
    },
    encrypt(kind, position, epoch, source, start, byteCount, target, targetStart) {
      const end = byteCount - TRAILER_BYTES
      for (let at = 0; at < end; at++) target[targetStart + at] = source[start + at]! ^ key
      target.set(trailer(kind, position, epoch), targetStart + end)
    },
    decrypt(kind, position, epoch, bytes, start, byteCount) {
      const end = start + byteCount - TRAILER_BYTES
      for (let at = start; at < end; at++) bytes[at] = bytes[at]! ^ key
      return trailer(kind, position, epoch).every((byte, index) => bytes[end + index] === (byte & 0xff))
    },
  }
}

test('encrypted payloads are read back, and their records are found good without the key', () => {
  const segment = new Segment(PATH, HEADER, testCipher(0x5a))
  const buffer = new RecordBuffer(4096)
  const chain = new ChainHash(0, 0)
  const payloads = [0, 1, 3, 300, 2000].map((length) => {
    const memory = new Uint8Array(32 + length + 48)
    memory.set(payloadOf(length, length), 32)
    return memory.subarray(32, 32 + length)
  })
  let lsn = HEADER.baseLsn
  for (const [index, payload] of payloads.entries()) {
    const recordBytes = segment.recordBytesOf(payload.length)
    expect(recordBytes).toBe(Math.ceil((32 + payload.length + TRAILER_BYTES) / 8) * 8)
    expect(buffer.append(payload, 1, index + 1, lsn, 0, segment, chain, true)).toBe(recordBytes)
    // A borrowed payload is copied, because the memory of the caller must stay plain.
    expect(payload).toEqual(payloadOf(payload.length, payload.length))
    lsn += recordBytes
  }
  const vfs = new MemoryVfs()
  const file = vfs.open(PATH, 'createNew')
  let offset = segment.fileOffsetOf(HEADER.baseLsn)
  buffer.writeTo((bytes, start, byteCount) => {
    file.write(bytes, start, byteCount, offset)
    offset += byteCount
  })

  const cursor = new SegmentCursor(segment, vfs.open(PATH, 'read'))
  const keyless = new SegmentCursor(new Segment(PATH, HEADER), vfs.open(PATH, 'read'))
  const wrongKey = new SegmentCursor(new Segment(PATH, HEADER, testCipher(0x5b)), vfs.open(PATH, 'read'))
  let at = HEADER.baseLsn
  for (const payload of payloads) {
    cursor.requireRecord(at, lsn)
    expect(cursor.payloadBytes).toBe(payload.length)
    expect(cursor.payload).toEqual(payload)
    // The window keeps the stored bytes.
    expect(cursor.readRecord(at, lsn)).toBe(true)
    expect(cursor.payload).toEqual(payload)
    expect(keyless.readRecord(at, lsn)).toBe(true)
    if (payload.length > 0) expect(keyless.payload.subarray(0, payload.length)).not.toEqual(payload)
    expect(wrongKey.readRecord(at, lsn)).toBe(true)
    expect(codeOf(() => wrongKey.payload)).toBe('LDB_CORRUPTION')
    at += cursor.recordBytes
  }
  expect(at).toBe(lsn)
})
