import { describe, expect, test } from 'vitest'
import { Wal } from '../src/index.js'
import { LOG_START } from '../src/segment/log-position.js'
import { readSegment } from '../src/segment/segment.js'
import { createSegment, NO_BRANCH_ID, NO_OWNER_ID, NO_SEGMENT_ID } from '../src/write/segment-creation.js'
import { payloadOf } from './log-content.js'
import { SimulatedVfs } from './simulated-vfs.js'

function vfsAt(timeMs: number): SimulatedVfs {
  const vfs = new SimulatedVfs()
  Object.assign(vfs, { clock: { now: () => timeMs, monotonic: () => 0 } })
  return vfs
}

function firstRecordTimeOf(vfs: SimulatedVfs, number: number): number {
  return readSegment(vfs, `log/000000000${number}.wal`, number).segment.header.firstRecordTime
}

describe('first record time', () => {
  test('is the wall clock at the creation of the segment, and unknown for copied records', () => {
    const vfs = vfsAt(1_700_000_000_123.75)
    const wal = Wal.open(vfs, 'log')
    wal.append(payloadOf(1, 10))
    wal.rotate()
    wal.append(payloadOf(2, 10))
    wal.flush()
    wal.close({ clean: false })
    const again = Wal.open(vfs, 'log')
    again.rotate()
    again.close()
    expect([1, 2, 3, 4].map((number) => firstRecordTimeOf(vfs, number))).toEqual([
      1_700_000_000_123, 1_700_000_000_123, 0, 1_700_000_000_123,
    ])
  })

  test.each([-5, 0, 0.5, NaN, Infinity, 2 ** 53])('is unknown when the clock shows %d', (timeMs) => {
    const vfs = vfsAt(timeMs)
    Wal.open(vfs, 'log').close()
    expect(firstRecordTimeOf(vfs, 1)).toBe(0)
  })
})

test('the branch id is copied from segment to segment', () => {
  const vfs = new SimulatedVfs()
  vfs.makeDirectory('log')
  const archiveBranchId = new Uint8Array(16).fill(0xb7)
  const plan = {
    segmentNumber: 1,
    previousId: NO_SEGMENT_ID,
    ownerId: NO_OWNER_ID,
    start: LOG_START,
    seqFloor: 0,
    segmentBytes: 1024,
  }
  createSegment(vfs, 'log', {
    ...plan,
    archiveBranchId,
    tail: undefined,
    preallocateBytes: 0,
    isSynced: true,
    hasExternalValues: false,
  })
  const wal = Wal.open(vfs, 'log')
  wal.append(payloadOf(1, 10))
  wal.rotate()
  wal.close()
  expect(readSegment(vfs, 'log/0000000003.wal', 3).segment.header.archiveBranchId).toEqual(archiveBranchId)
  Wal.open(vfs, 'other').close()
  expect(readSegment(vfs, 'other/0000000001.wal', 1).segment.header.archiveBranchId).toEqual(NO_BRANCH_ID)
})
