import { LdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Wal } from '../src/index.js'
import { createSegment, NO_BRANCH_ID, NO_OWNER_ID, NO_SEGMENT_ID } from '../src/write/segment-creation.js'
import { LOG_START } from '../src/segment/log-position.js'
import { findingsOf, payloadOf, recordsOf } from './log-content.js'

/** Creates a log whose first record has a given lsn and follows a given seq. */
function logAt(lsn: number, lastSeq: number): MemoryVfs {
  const vfs = new MemoryVfs()
  vfs.makeDirectory('log')
  createSegment(vfs, 'log', {
    segmentNumber: 9_999_999,
    previousId: NO_SEGMENT_ID,
    start: { lsn, lastSeq, chainHash: LOG_START.chainHash },
    ownerId: NO_OWNER_ID,
    archiveBranchId: NO_BRANCH_ID,
    seqFloor: lastSeq,
    tail: undefined,
    segmentBytes: 1024,
    preallocateBytes: 0,
    isSynced: true,
    hasExternalValues: false,
  })
  return vfs
}

for (const boundary of [2 ** 31, 2 ** 32, 2 ** 40, 2 ** 52]) {
  test(`records and segments continue over position ${boundary}`, () => {
    const vfs = logAt(boundary - 512, boundary - 5)
    let wal = Wal.open(vfs, 'log', { segmentBytes: 1024 })
    for (let index = 0; index < 20; index++) {
      wal.append(payloadOf(index, 100), { seq: boundary - 4 + index })
      if (index % 3 === 0) wal.sync()
    }
    wal.flush()
    const records = recordsOf(wal)
    expect(records.at(-1)?.seq).toBe(boundary + 15)
    expect(wal.endLsn).toBe(boundary - 512 + 20 * 136)
    for (const clean of [false, true, true]) {
      wal.close({ clean })
      wal = Wal.open(vfs, 'log')
      expect(recordsOf(wal)).toEqual(records)
      expect(findingsOf(wal)).toEqual([])
    }
    wal.truncateBefore(records[12]!.lsn)
    expect(wal.firstLsn).toBeGreaterThan(boundary)
  })
}

test('append is refused when the positions are used up, and the log stays readable', () => {
  const vfs = logAt(2 ** 53 - 256, 7)
  const wal = Wal.open(vfs, 'log')
  wal.append(payloadOf(1, 100))
  expect(() => wal.append(payloadOf(2, 100))).toThrow(LdbError)
  wal.close()
  expect(recordsOf(Wal.open(vfs, 'log'))).toHaveLength(1)
})

test('a false payload length allocates no memory', () => {
  const vfs = new MemoryVfs()
  const wal = Wal.open(vfs, 'log')
  wal.append(payloadOf(1, 8))
  wal.sync()
  wal.close({ clean: false })
  const file = vfs.open('log/0000000001.wal', 'write')
  file.write(new Uint8Array([0xff, 0xff, 0xff, 0x3f]), 0, 4, 8192 + 12)
  const again = Wal.open(vfs, 'log')
  expect(recordsOf(again)).toEqual([])
})
