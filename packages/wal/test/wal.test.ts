import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { PAYLOAD_BYTES_MAX, RECORDS_FILE_OFFSET } from '../src/format.js'
import { Wal } from '../src/index.js'
import { codeOf } from './error-code.js'
import { findingsOf, payloadOf, recordsOf } from './log-content.js'
import { SimulatedVfs } from './simulated-vfs.js'

describe('append and read', () => {
  test('records of every length around the alignment are read back unchanged', () => {
    const vfs = new MemoryVfs()
    const wal = Wal.open(vfs, 'log')
    const lsns: number[] = []
    for (let length = 0; length < 40; length++) {
      lsns.push(wal.append(payloadOf(length, length), { type: length % 4, seq: length + 1 }))
    }
    wal.flush()
    const records = recordsOf(wal)
    expect(records.map((record) => record.lsn)).toEqual(lsns)
    expect(records.map((record) => record.type)).toEqual(lsns.map((_, index) => index % 4))
    expect(records.map((record) => record.seq)).toEqual(lsns.map((_, index) => index + 1))
    expect(records.map((record) => record.payload.length / 2)).toEqual(lsns.map((_, index) => index))
    expect(wal.lastSeq).toBe(40)
    wal.close()
    const again = Wal.open(vfs, 'log')
    expect(again.openedClean).toBe(true)
    expect(recordsOf(again)).toEqual(records)
    expect(findingsOf(again)).toEqual([])
  })

  test('append copies the payload', () => {
    const wal = Wal.open(new MemoryVfs(), 'log')
    const backing = new Uint8Array(64).fill(1)
    wal.append(backing.subarray(8, 16))
    backing.fill(9)
    wal.sync()
    expect(recordsOf(wal)[0]?.payload).toBe('0101010101010101')
  })

  test('a flush of a thousand records is one write', () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    vfs.trace.length = 0
    for (let index = 0; index < 1000; index++) wal.append(payloadOf(index, 150))
    expect(vfs.trace).toEqual([])
    wal.flush()
    expect(vfs.trace).toEqual([`write log/0000000001.wal ${RECORDS_FILE_OFFSET}+${1000 * 184}`])
    expect(wal.stats()).toMatchObject({ flushCount: 1, appendedRecordCount: 1000, syncCount: 0 })
  })

  test('records larger than the buffer or a segment are read back whole', () => {
    const vfs = new MemoryVfs()
    const options = { segmentBytes: 4096, bufferBytes: 4096 }
    const wal = Wal.open(vfs, 'log', options)
    for (const length of [10, 5000, 20, 300_000, 4064, 4065, 30]) wal.append(payloadOf(length, length))
    wal.sync()
    const records = recordsOf(wal)
    expect(records.map((record) => record.payload.length / 2)).toEqual([
      10, 5000, 20, 300_000, 4064, 4065, 30,
    ])
    expect(wal.stats().segmentCount).toBe(7)
    wal.close({ clean: false })
    const again = Wal.open(vfs, 'log', options)
    expect(recordsOf(again)).toEqual(records)
    expect(findingsOf(again)).toEqual([])
  })

  test('invalid arguments change nothing', () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    wal.append(payloadOf(1, 1), { seq: 5 })
    const { endLsn } = wal
    expect(codeOf(() => wal.append('text' as unknown as Uint8Array))).toBe('LDB_INVALID_ARGUMENT')
    for (const type of [-1, 0.5, 4, 5, 128, 256]) {
      expect(codeOf(() => wal.append(payloadOf(1, 1), { type }))).toBe('LDB_INVALID_ARGUMENT')
    }
    expect(codeOf(() => wal.append(payloadOf(1, 1), { seq: 4 }))).toBe('LDB_INVALID_ARGUMENT')
    expect(codeOf(() => wal.append(payloadOf(1, 1), { seq: 2 ** 53 }))).toBe('LDB_INVALID_ARGUMENT')
    const large = new Uint8Array(8)
    Object.defineProperty(large, 'length', { value: PAYLOAD_BYTES_MAX + 1 })
    expect(codeOf(() => wal.append(large))).toBe('LDB_TOO_LARGE')
    expect(wal.endLsn).toBe(endLsn)
    expect(codeOf(() => Wal.open(vfs, 'other', { segmentBytes: 1 }))).toBe('LDB_INVALID_ARGUMENT')
    expect(codeOf(() => Wal.open(vfs, 'other', { sync: true } as object))).toBe('LDB_INVALID_ARGUMENT')
    expect(wal.append(payloadOf(1, 1), { seq: Number.MAX_SAFE_INTEGER })).toBe(endLsn)
  })
})

describe('reader', () => {
  test('continues over segments as the log grows', () => {
    const wal = Wal.open(new MemoryVfs(), 'log', { segmentBytes: 1024 })
    const reader = wal.read(0)
    expect(reader.next()).toBe(false)
    let seen = 0
    for (let round = 0; round < 50; round++) {
      for (let index = 0; index < round % 7; index++) wal.append(payloadOf(round, 100), { type: round % 4 })
      // A full segment is flushed by the append: some records are readable before the flush, all after it.
      while (reader.next()) {
        expect(reader.type).toBe(round % 4)
        seen++
      }
      wal.flush()
      while (reader.next()) {
        expect(reader.type).toBe(round % 4)
        seen++
      }
      expect(reader.next()).toBe(false)
      expect(reader.nextLsn).toBe(wal.endLsn)
    }
    expect(seen).toBe(wal.stats().appendedRecordCount)
    expect(wal.stats().segmentCount).toBeGreaterThan(5)
  })

  test('a truncated position is LDB_NOT_FOUND, one within a record LDB_INVALID_ARGUMENT', () => {
    const wal = Wal.open(new MemoryVfs(), 'log')
    const first = wal.append(payloadOf(1, 100))
    const second = wal.append(payloadOf(2, 100))
    const reader = wal.read(first)
    expect(codeOf(() => reader.lsn)).toBe('LDB_INVALID_ARGUMENT')
    wal.sync()
    expect(reader.next()).toBe(true)
    expect(codeOf(() => wal.read(first + 8).next())).toBe('LDB_INVALID_ARGUMENT')
    expect(codeOf(() => wal.read(first + 1))).toBe('LDB_INVALID_ARGUMENT')
    expect(codeOf(() => wal.read(wal.endLsn + 8))).toBe('LDB_INVALID_ARGUMENT')
    wal.rotate()
    wal.truncateBefore(wal.endLsn)
    expect(codeOf(() => wal.read(second))).toBe('LDB_NOT_FOUND')
    expect(codeOf(() => reader.next())).toBe('LDB_NOT_FOUND')
    expect(wal.read(wal.endLsn).next()).toBe(false)
    wal.close()
    expect(codeOf(() => reader.next())).toBe('LDB_CLOSED')
    expect(codeOf(() => wal.append(payloadOf(1, 1)))).toBe('LDB_CLOSED')
    wal.close()
  })
})

describe('truncation', () => {
  test('removes whole segments, oldest first, each durably before the next', () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log', { segmentBytes: 1024 })
    const lsns: number[] = []
    for (let index = 0; index < 12; index++) lsns.push(wal.append(payloadOf(index, 400), { seq: index + 1 }))
    wal.sync()
    expect(wal.stats().segmentCount).toBe(6)
    vfs.trace.length = 0
    wal.truncateBefore(lsns[7]!)
    expect(vfs.trace).toEqual([
      'rename log/0000000001.wal log/0000000001.wal.old',
      'syncDirectory log',
      'truncate log/0000000001.wal.old 0',
      'remove log/0000000001.wal.old',
      'rename log/0000000002.wal log/0000000002.wal.old',
      'syncDirectory log',
      'truncate log/0000000002.wal.old 0',
      'remove log/0000000002.wal.old',
      'rename log/0000000003.wal log/0000000003.wal.old',
      'syncDirectory log',
      'truncate log/0000000003.wal.old 0',
      'remove log/0000000003.wal.old',
    ])
    expect(wal.firstLsn).toBe(lsns[6])
    expect(wal.truncatedSeq).toBe(6)
    expect(recordsOf(wal).map((record) => record.seq)).toEqual([7, 8, 9, 10, 11, 12])
    wal.truncateBefore(wal.endLsn)
    expect(wal.stats().segmentCount).toBe(1)
    expect(codeOf(() => wal.truncateBefore(wal.endLsn + 1))).toBe('LDB_INVALID_ARGUMENT')
    wal.close()
    expect(recordsOf(Wal.open(vfs, 'log')).map((record) => record.seq)).toEqual([11, 12])
  })
})

describe('seq floor', () => {
  test('a torn record raises the seq floor, also after further crashes', () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    wal.append(payloadOf(1, 100), { seq: 5 })
    wal.sync()
    wal.append(payloadOf(2, 100), { seq: 9 })
    wal.flush()
    wal.close({ clean: false })
    const bytes = vfs.content('log/0000000001.wal')
    const tornAt = RECORDS_FILE_OFFSET + 136 + 60
    bytes[tornAt] = bytes[tornAt]! ^ 1
    for (let round = 0; round < 3; round++) {
      const again = Wal.open(vfs, 'log')
      expect(again.lastSeq).toBe(5)
      expect(again.seqFloor).toBe(9)
      expect(recordsOf(again)).toHaveLength(1)
      again.close({ clean: round === 1 })
    }
  })
})
