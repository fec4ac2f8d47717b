// Strategy: logs with intact bytes that a later version may write: flags, reserved bytes, and record types.
// Invariants: this version refuses what it does not know with LDB_FORMAT before it writes a byte, and never takes it for the end of the
// log; skippable records are passed and counted; `verify` reports what opening or reading refuses.
import { describe, expect, test } from 'vitest'
import { verifyWal, Wal } from '../src/index.js'
import { codeOf } from './error-code.js'
import { appendTypes, forgeHeader, forgeRecord } from './forged-bytes.js'
import { findingsOf, payloadOf, recordsOf } from './log-content.js'
import { SimulatedVfs } from './simulated-vfs.js'

const PATHS = ['log/0000000001.wal', 'log/0000000002.wal'] as const

/** Returns a log with two segments and the lsns of its six records; the last sync covers the first five. */
function twoSegments(clean: boolean): { vfs: SimulatedVfs; lsns: number[] } {
  const vfs = new SimulatedVfs()
  const wal = Wal.open(vfs, 'log', { preallocateBytes: 0 })
  const lsns: number[] = []
  for (let index = 0; index < 6; index++) {
    lsns.push(wal.append(payloadOf(index, 20), { type: index % 4, seq: index + 1 }))
    if (index === 1) wal.rotate()
    if (index === 4) wal.sync()
  }
  wal.flush()
  wal.close({ clean })
  vfs.trace.length = 0
  return { vfs, lsns }
}

function findingCountOf(vfs: SimulatedVfs): number {
  let count = 0
  verifyWal(vfs, 'log', { finding: () => count++, progress: () => {} })
  return count
}

/** Expects that opening fails with LDB_FORMAT and this message, and writes nothing. */
function expectRefused(vfs: SimulatedVfs, message: RegExp): void {
  expect(findingCountOf(vfs)).toBeGreaterThan(0)
  const open = (): unknown => Wal.open(vfs, 'log')
  expect(open).toThrow(
    expect.objectContaining({ code: 'LDB_FORMAT', message: expect.stringMatching(message) }),
  )
  expect(vfs.trace).toEqual([])
}

describe.each([true, false])('closed cleanly: %s', (clean) => {
  test('any unknown flag in the header of any segment is refused', () => {
    for (const path of PATHS) {
      for (let bit = 0; bit < 32; bit++) {
        // Bit 0: payloads are encrypted. Bits 1 and 2: records of types 6 and 7 may occur.
        if (bit <= 2) continue
        const { vfs } = twoSegments(clean)
        forgeHeader(vfs.content(path), (bytes) => (bytes[12 + (bit >> 3)] = 1 << (bit & 7)))
        expectRefused(vfs, /flags.*: 0x/)
      }
    }
  })

  test('an encrypted segment is refused', () => {
    for (const path of PATHS) {
      const { vfs } = twoSegments(clean)
      forgeHeader(vfs.content(path), (bytes) => bytes.set([1, 40, 0, 0, 7], 120))
      expectRefused(vfs, /encrypted with suite 1/)
    }
  })

  test('a reserved byte of any record of the newest segment is refused, never the end of the log', () => {
    for (const index of [2, 3, 4, 5]) {
      for (const offset of [29, 30, 31]) {
        const { vfs, lsns } = twoSegments(clean)
        forgeRecord(vfs.content(PATHS[1]), lsns[index]!, offset, 1)
        expectRefused(vfs, /reserved bytes/)
      }
    }
  })

  test('a reserved byte of a record of an older segment is refused when it is read', () => {
    const { vfs, lsns } = twoSegments(clean)
    forgeRecord(vfs.content(PATHS[0]), lsns[1]!, 30, 1)
    expect(findingCountOf(vfs)).toBeGreaterThan(0)
    const wal = Wal.open(vfs, 'log')
    const reader = wal.read(0)
    expect(reader.next()).toBe(true)
    expect(codeOf(() => reader.next())).toBe('LDB_FORMAT')
    expect(codeOf(() => reader.next())).toBe('LDB_FORMAT')
    expect(codeOf(() => reader.payload)).toBe('LDB_INVALID_ARGUMENT')
    wal.close()
  })

  test.each([
    [5, /compressed commit/],
    [8, /type 8/],
    [127, /type 127/],
  ])('a record of type %i is refused', (type, message) => {
    const vfs = new SimulatedVfs()
    appendTypes(vfs, [1, type, 1], clean)
    vfs.trace.length = 0
    expectRefused(vfs, message)
  })

  test('skippable records are passed and counted', () => {
    const vfs = new SimulatedVfs()
    const types = [4, 1, 128, 255, 200, 2, 3, 4, 0, 130]
    const lsns = appendTypes(vfs, types, clean)
    for (let round = 0; round < 3; round++) {
      const wal = Wal.open(vfs, 'log', { segmentBytes: 1024 })
      expect(wal.openedClean).toBe(clean || round === 2)
      const reader = wal.read(0)
      const seen: [number, number, number][] = []
      while (reader.next()) seen.push([reader.lsn, reader.type, reader.seq])
      expect(seen).toEqual(
        [1, 5, 6, 8].map(
          (index) => [lsns[index], types[index], index + 1] satisfies [unknown, unknown, unknown],
        ),
      )
      expect(reader.skippedRecordCount).toBe(6)
      expect(reader.nextLsn).toBe(wal.endLsn)
      expect(codeOf(() => reader.payload)).toBe('LDB_INVALID_ARGUMENT')
      expect(wal.lastSeq).toBe(10)
      expect(findingsOf(wal)).toEqual([])
      wal.close({ clean: round === 1 || clean })
    }
  })
})

test('unsynced skippable records survive the copy of the tail', () => {
  const vfs = new SimulatedVfs()
  appendTypes(vfs, [1, 129], false)
  const wal = Wal.open(vfs, 'log')
  wal.append(payloadOf(1, 5), { type: 3, seq: 9 })
  wal.close()
  const again = Wal.open(vfs, 'log')
  expect(recordsOf(again).map((record) => record.type)).toEqual([1, 3])
  const reader = again.read(0)
  while (reader.next());
  expect(reader.skippedRecordCount).toBe(1)
})

describe('a torn tail of a log left open', () => {
  test('with a reserved byte in an intact record after the bad one is refused', () => {
    const { vfs, lsns } = twoSegments(false)
    const bytes = vfs.content(PATHS[1])
    forgeRecord(bytes, lsns[5]!, 29, 1)
    const damagedAt = 8192 + lsns[4]! - lsns[2]! + 40
    bytes[damagedAt] = bytes[damagedAt]! ^ 1
    expectRefused(vfs, /reserved bytes/)
  })

  test('with a reserved byte in an intact header of a torn payload is refused', () => {
    const { vfs, lsns } = twoSegments(false)
    const bytes = vfs.content(PATHS[1])
    forgeRecord(bytes, lsns[5]!, 31, 0x80)
    const damagedAt = 8192 + lsns[5]! - lsns[2]! + 40
    bytes[damagedAt] = bytes[damagedAt]! ^ 1
    expectRefused(vfs, /reserved bytes/)
  })

  test('may hold records of unknown types, which are dropped', () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log', { preallocateBytes: 0 })
    const lsns = [1, 2, 3].map((seq) => wal.append(payloadOf(seq, 20), { seq }))
    wal.flush()
    wal.close({ clean: false })
    const bytes = vfs.content(PATHS[0])
    forgeRecord(bytes, lsns[2]!, 28, 5)
    bytes[8192 + lsns[1]! + 40] = bytes[8192 + lsns[1]! + 40]! ^ 1
    expect(findingCountOf(vfs)).toBe(0)
    const again = Wal.open(vfs, 'log')
    expect(recordsOf(again)).toHaveLength(1)
    expect(again.seqFloor).toBe(3)
  })
})
