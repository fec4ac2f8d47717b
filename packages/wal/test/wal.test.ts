import { LdbError } from '@ldb/base'
import { MemoryVfs, OverlayVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { PAYLOAD_BYTES_MAX, RECORDS_FILE_OFFSET } from '../src/format.js'
import { verifyWal, Wal } from '../src/index.js'
import { findingsOf, payloadOf, recordsOf } from './log-content.js'
import { SimulatedVfs } from './simulated-vfs.js'

function codeOf(step: () => unknown): string {
  try {
    step()
  } catch (error) {
    return error instanceof LdbError ? error.code : String(error)
  }
  return 'none'
}

describe('append and read', () => {
  test('records come out as they went in, of every length around the alignment', () => {
    const vfs = new MemoryVfs()
    const wal = Wal.open(vfs, 'log')
    const lsns: number[] = []
    for (let length = 0; length < 40; length++) {
      lsns.push(wal.append(payloadOf(length, length), { type: length, seq: length + 1 }))
    }
    wal.flush()
    const records = recordsOf(wal)
    expect(records.map((record) => record.lsn)).toEqual(lsns)
    expect(records.map((record) => record.type)).toEqual(lsns.map((_, index) => index))
    expect(records.map((record) => record.seq)).toEqual(lsns.map((_, index) => index + 1))
    expect(records.map((record) => record.payload.length / 2)).toEqual(lsns.map((_, index) => index))
    expect(wal.lastSeq).toBe(40)
    wal.close()
    const again = Wal.open(vfs, 'log')
    expect(again.openedClean).toBe(true)
    expect(recordsOf(again)).toEqual(records)
    expect(findingsOf(again)).toEqual([])
  })

  test('the payload is copied: what the caller does to it later does not matter', () => {
    const wal = Wal.open(new MemoryVfs(), 'log')
    const backing = new Uint8Array(64).fill(1)
    wal.append(backing.subarray(8, 16))
    backing.fill(9)
    wal.sync()
    expect(recordsOf(wal)[0]?.payload).toBe('0101010101010101')
  })

  test('a thousand appends and a flush are one write', () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    vfs.trace.length = 0
    for (let index = 0; index < 1000; index++) wal.append(payloadOf(index, 150))
    expect(vfs.trace).toEqual([])
    wal.flush()
    expect(vfs.trace).toEqual([`write log/0000000001.wal ${RECORDS_FILE_OFFSET}+${1000 * 184}`])
    expect(wal.stats()).toMatchObject({ flushCount: 1, appendedRecordCount: 1000, syncCount: 0 })
  })

  test('records larger than the buffer, and than a segment, are whole', () => {
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

  test('arguments are checked before anything happens', () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    wal.append(payloadOf(1, 1), { seq: 5 })
    const { endLsn } = wal
    expect(codeOf(() => wal.append('text' as unknown as Uint8Array))).toBe('LDB_INVALID_ARGUMENT')
    expect(codeOf(() => wal.append(payloadOf(1, 1), { type: 256 }))).toBe('LDB_INVALID_ARGUMENT')
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
  test('goes on where the log grows, over segments', () => {
    const wal = Wal.open(new MemoryVfs(), 'log', { segmentBytes: 1024 })
    const reader = wal.read(0)
    expect(reader.next()).toBe(false)
    let seen = 0
    for (let round = 0; round < 50; round++) {
      for (let index = 0; index < round % 7; index++) wal.append(payloadOf(round, 100), { type: round })
      // A full segment flushes by itself: some may be there before the flush, none may be missing after it.
      while (reader.next()) {
        expect(reader.type).toBe(round)
        seen++
      }
      wal.flush()
      while (reader.next()) {
        expect(reader.type).toBe(round)
        seen++
      }
      expect(reader.next()).toBe(false)
      expect(reader.nextLsn).toBe(wal.endLsn)
    }
    expect(seen).toBe(wal.stats().appendedRecordCount)
    expect(wal.stats().segmentCount).toBeGreaterThan(5)
  })

  test('a position that was cut off is not found, one within a record is refused', () => {
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

describe('cutting', () => {
  test('removes whole segments, oldest first, each gone for good before the next', () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log', { segmentBytes: 1024 })
    const lsns: number[] = []
    for (let index = 0; index < 12; index++) lsns.push(wal.append(payloadOf(index, 400), { seq: index + 1 }))
    wal.sync()
    expect(wal.stats().segmentCount).toBe(6)
    vfs.trace.length = 0
    wal.truncateBefore(lsns[7]!)
    expect(vfs.trace).toEqual([
      'remove log/0000000001.wal',
      'syncDirectory log',
      'remove log/0000000002.wal',
      'syncDirectory log',
      'remove log/0000000003.wal',
      'syncDirectory log',
    ])
    expect(wal.firstLsn).toBe(lsns[6])
    expect(wal.cutSeq).toBe(6)
    expect(recordsOf(wal).map((record) => record.seq)).toEqual([7, 8, 9, 10, 11, 12])
    wal.truncateBefore(wal.endLsn)
    expect(wal.stats().segmentCount).toBe(1)
    expect(codeOf(() => wal.truncateBefore(wal.endLsn + 1))).toBe('LDB_INVALID_ARGUMENT')
    wal.close()
    expect(recordsOf(Wal.open(vfs, 'log')).map((record) => record.seq)).toEqual([11, 12])
  })
})

describe('order of syncs', () => {
  test('a segment has its name, for good, before a record in it is acknowledged, and a seal comes last', () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log', { segmentBytes: 1024, preallocateBytes: 0 })
    expect(vfs.trace).toEqual([
      'makeDirectory log',
      'syncDirectory .',
      'create log/0000000001.wal.new',
      'write log/0000000001.wal.new 0+8192',
      'sync log/0000000001.wal.new',
      'rename log/0000000001.wal.new log/0000000001.wal',
      'syncDirectory log',
    ])
    wal.append(payloadOf(1, 1000))
    vfs.trace.length = 0
    wal.append(payloadOf(2, 992))
    expect(vfs.trace).toEqual([
      'write log/0000000001.wal 8192+1032',
      'truncate log/0000000001.wal 9224',
      'sync log/0000000001.wal',
      'create log/0000000002.wal.new',
      'write log/0000000002.wal.new 0+8192',
      'sync log/0000000002.wal.new',
      'rename log/0000000002.wal.new log/0000000002.wal',
      'syncDirectory log',
      'write log/0000000001.wal 4096+56',
      'sync log/0000000001.wal',
    ])
    vfs.trace.length = 0
    wal.close()
    expect(vfs.trace).toEqual([
      'write log/0000000002.wal 8192+1024',
      'truncate log/0000000002.wal 9216',
      'sync log/0000000002.wal',
      'write log/0000000002.wal 4096+56',
      'sync log/0000000002.wal',
    ])
  })

  test('syncs go into space that was filled with zeros before', () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    for (let index = 0; index < 4000; index++) {
      wal.append(payloadOf(index, 150))
      wal.sync()
    }
    const growing = vfs.trace.filter((line) => line.startsWith('preallocate'))
    expect(growing.length).toBeLessThan(5)
    expect(growing.length).toBeGreaterThan(1)
  })

  test('a closed log is opened and closed again without a single write', () => {
    const vfs = new SimulatedVfs()
    Wal.open(vfs, 'log').close()
    vfs.trace.length = 0
    const wal = Wal.open(vfs, 'log')
    wal.sync()
    wal.close()
    expect(vfs.trace).toEqual([])
  })
})

describe('shared syncs', () => {
  test('all who wait together share one sync; who comes while it runs gets the next', async () => {
    const wal = Wal.open(new SimulatedVfs(), 'log')
    const waiting: Promise<void>[] = []
    for (let index = 0; index < 256; index++) {
      wal.append(payloadOf(index, 50))
      waiting.push(wal.syncAsync())
    }
    await waiting[0]
    expect(wal.syncedLsn).toBe(wal.endLsn)
    await Promise.all(waiting)
    expect(wal.stats()).toMatchObject({ syncCount: 1, flushCount: 1 })
    wal.append(payloadOf(1, 50))
    const running = wal.syncAsync()
    await Promise.resolve()
    await Promise.resolve()
    const lsn = wal.append(payloadOf(2, 50))
    const next = wal.syncAsync()
    await running
    await next
    expect(wal.syncedLsn).toBeGreaterThan(lsn)
    await wal.syncAsync()
    expect(wal.stats().syncCount).toBe(3)
  })

  test('one failed sync fails all who wait for it, and everyone after', async () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    vfs.onOperation = (operation) => {
      if (operation === 'sync') throw new LdbError('LDB_IO', 'no device')
    }
    wal.append(payloadOf(1, 1))
    const outcomes = await Promise.allSettled([wal.syncAsync(), wal.syncAsync()])
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'LDB_COMMIT_UNKNOWN' } })
    }
    await expect(wal.syncAsync()).rejects.toMatchObject({ code: 'LDB_POISONED' })
    vfs.onOperation = undefined
    expect(codeOf(() => wal.append(payloadOf(1, 1)))).toBe('LDB_POISONED')
    wal.close()
    expect(recordsOf(Wal.open(vfs, 'log'))).toHaveLength(1)
  })

  test('a rotation and a close under a running sync hurt nobody', async () => {
    const wal = Wal.open(new MemoryVfs(), 'log')
    wal.append(payloadOf(1, 1))
    const first = wal.syncAsync()
    await Promise.resolve()
    wal.rotate()
    wal.append(payloadOf(2, 1))
    const second = wal.syncAsync()
    wal.close()
    await Promise.all([first, second])
    await expect(wal.syncAsync()).resolves.toBeUndefined()
  })
})

describe('what lies in the directory', () => {
  test('foreign names are left alone and never make opening fail', () => {
    const vfs = new MemoryVfs()
    vfs.makeDirectory('log')
    const foreign = [
      '.DS_Store',
      '._0000000001.wal',
      '1.wal',
      '0000000000.wal',
      '00000000x1.wal',
      'a.wal.new',
    ]
    for (const name of foreign) vfs.open(`log/${name}`, 'create').write(new Uint8Array([1]), 0, 1, 0)
    vfs.makeDirectory('log/0000000007.wal')
    const wal = Wal.open(vfs, 'log')
    wal.append(payloadOf(1, 1))
    wal.close()
    expect(vfs.list('log')).toEqual([...foreign, '0000000007.wal', '0000000008.wal'].sort())
    expect(recordsOf(Wal.open(vfs, 'log'))).toHaveLength(1)
  })

  test('numbers may leave gaps; unfinished segments are removed', () => {
    const vfs = new MemoryVfs()
    Wal.open(vfs, 'log').close({ clean: false })
    vfs.open('log/0000000041.wal.new', 'create').write(new Uint8Array(100), 0, 100, 0)
    const wal = Wal.open(vfs, 'log')
    expect(vfs.list('log')).toEqual(['0000000001.wal', '0000000042.wal'])
    wal.append(payloadOf(1, 1))
    wal.close()
    expect(recordsOf(Wal.open(vfs, 'log'))).toHaveLength(1)
  })

  test('a missing log is told apart from a lost one', () => {
    const vfs = new MemoryVfs()
    expect(codeOf(() => Wal.open(vfs, 'log', { create: false }))).toBe('LDB_NOT_FOUND')
    expect(codeOf(() => Wal.open(vfs, 'log', { mustExist: true }))).toBe('LDB_CORRUPTION')
    vfs.makeDirectory('log')
    expect(codeOf(() => Wal.open(vfs, 'log', { create: false }))).toBe('LDB_NOT_FOUND')
    expect(codeOf(() => Wal.open(vfs, 'log', { mustExist: true }))).toBe('LDB_CORRUPTION')
    expect(vfs.list('log')).toEqual([])
    vfs.open('file', 'create')
    expect(codeOf(() => Wal.open(vfs, 'file'))).toBe('LDB_FORMAT')
  })

  test('over an overlay an unclean log is read, and nothing below changes', () => {
    const vfs = new MemoryVfs()
    const wal = Wal.open(vfs, 'log')
    wal.append(payloadOf(1, 10))
    wal.sync()
    wal.close({ clean: false })
    const path = 'log/0000000001.wal'
    const bytesOf = (): Uint8Array => {
      const file = vfs.open(path, 'read')
      const bytes = new Uint8Array(file.length())
      file.read(bytes, 0, bytes.length, 0)
      return bytes
    }
    const before = bytesOf()
    const overlaid = Wal.open(new OverlayVfs(vfs), 'log')
    expect(recordsOf(overlaid)).toHaveLength(1)
    overlaid.append(payloadOf(2, 10))
    overlaid.close()
    expect(vfs.list('log')).toEqual(['0000000001.wal'])
    expect(bytesOf()).toEqual(before)
  })
})

describe('segments that do not belong together', () => {
  function threeSegments(): { vfs: SimulatedVfs; paths: string[] } {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    for (let index = 0; index < 3; index++) {
      wal.append(payloadOf(index, 100))
      if (index < 2) wal.rotate()
    }
    wal.sync()
    wal.close({ clean: false })
    return { vfs, paths: [1, 2, 3].map((number) => `log/000000000${number}.wal`) }
  }

  test('a missing one is noticed, wherever it was but at the front', () => {
    for (const missing of [1, 2]) {
      const { vfs, paths } = threeSegments()
      vfs.deleteContent(paths[missing]!)
      expect(codeOf(() => Wal.open(vfs, 'log'))).toBe('LDB_CORRUPTION')
      const kinds: string[] = []
      verifyWal(vfs, 'log', { finding: (finding) => kinds.push(finding.kind), progress: () => {} })
      expect(kinds).toContain('missing')
    }
  })

  test('swapped, renamed, repeated and foreign ones are noticed', () => {
    const { vfs, paths } = threeSegments()
    const [first, second, third] = paths.map((path) => vfs.content(path).slice())
    const foreign = new SimulatedVfs(7)
    Wal.open(foreign, 'log').close({ clean: false })
    const cases: [string, Uint8Array][][] = [
      [
        [paths[0]!, second!],
        [paths[1]!, first!],
      ],
      [[paths[1]!, first!]],
      [['log/0000000009.wal', third!]],
      [['log/0000000009.wal', foreign.content('log/0000000001.wal')]],
      [[paths[2]!, foreign.content('log/0000000001.wal')]],
    ]
    for (const changes of cases) {
      const copy = new SimulatedVfs()
      copy.directories.add('log')
      for (const path of paths) copy.replaceContent(path, vfs.content(path))
      for (const [path, bytes] of changes) copy.replaceContent(path, bytes)
      expect(codeOf(() => Wal.open(copy, 'log'))).toBe('LDB_CORRUPTION')
    }
  })

  test('a newer format is refused, and not a byte changes', () => {
    const { vfs, paths } = threeSegments()
    const bytes = vfs.content(paths[2]!)
    bytes[0] = 0x50
    vfs.trace.length = 0
    expect(codeOf(() => Wal.open(vfs, 'log'))).toBe('LDB_FORMAT')
    expect(vfs.trace).toEqual([])
  })
})

describe('numbers that were seen', () => {
  test('a torn record still raises the floor of seqs, and so after the next crash', () => {
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
