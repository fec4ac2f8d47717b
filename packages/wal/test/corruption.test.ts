// Strategy: a small log with several segments, closed or left open, with every truncation, every bit flip and zeroed sectors.
// Invariants: opening and reading return the same records or a typed error; a log that was left open may also return a shorter
// prefix, which contains every record below the position known to be synced. No record is wrong. `verify` reports a finding
// whenever opening or reading fails.
import { isLdbError } from '@ldb/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RECORDS_FILE_OFFSET } from '../src/format.js'
import { verifyWal, Wal } from '../src/index.js'
import { payloadOf, recordsOf } from './log-content.js'
import type { LogRecord } from './log-content.js'
import { SimulatedVfs } from './simulated-vfs.js'

interface Golden {
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly records: readonly LogRecord[]
  /** Number of records known to be synced. */
  readonly syncedCount: number
  /** The newest segment, the number of records before it, and the offset of its first record with a later synced position. */
  readonly newestPath: string
  readonly baseCount: number
  readonly laterSyncedOffset: number
}

function makeGolden(clean: boolean): Golden {
  const vfs = new SimulatedVfs()
  const wal = Wal.open(vfs, 'log', { segmentBytes: 1024, preallocateBytes: 1024 })
  for (let index = 0; index < 7; index++) {
    wal.append(payloadOf(index, index * 17), { type: index % 4, seq: index + 1 })
    wal.sync()
  }
  wal.rotate()
  for (let index = 7; index < 11; index++) {
    wal.append(payloadOf(index, index * 5), { type: index % 4, seq: index + 1 })
    if (index === 8) wal.sync()
  }
  wal.flush()
  const records = recordsOf(wal)
  wal.close({ clean })
  const files = new Map(vfs.list('log').map((name) => [`log/${name}`, vfs.content(`log/${name}`).slice()]))
  const newestPath = 'log/0000000002.wal'
  const laterSyncedOffset = RECORDS_FILE_OFFSET + (records[9]!.lsn - records[7]!.lsn)
  return { files, records, syncedCount: clean ? 11 : 9, newestPath, baseCount: 7, laterSyncedOffset }
}

function restored(golden: Golden, path: string, bytes: Uint8Array): SimulatedVfs {
  const vfs = new SimulatedVfs(99)
  vfs.directories.add('log')
  for (const [name, content] of golden.files) vfs.replaceContent(name, name === path ? bytes : content)
  return vfs
}

/** Opens and reads a damaged log. Returns the number of records, or the error code. */
function outcomeOf(golden: Golden, vfs: SimulatedVfs, atLeast = golden.syncedCount): number | string {
  let records: LogRecord[]
  try {
    const wal = Wal.open(vfs, 'log', { mustExist: true, bufferBytes: 4096, preallocateBytes: 0 })
    records = recordsOf(wal)
    wal.close({ clean: false })
  } catch (error) {
    if (!isLdbError(error)) throw error
    expect(['LDB_CORRUPTION', 'LDB_FORMAT']).toContain(error.code)
    if (error.code === 'LDB_CORRUPTION') {
      expect(error.details.file).toContain('log')
      expect(error.details.offset).toBeGreaterThanOrEqual(0)
    }
    return error.code
  }
  if (records.length !== golden.records.length) {
    expect(records.length).toBeGreaterThanOrEqual(atLeast)
  }
  for (const [index, record] of records.entries()) {
    // Not `toEqual`: it is called a million times.
    const expected = golden.records[index]
    if (record.payload !== expected?.payload || record.lsn !== expected.lsn || record.seq !== expected.seq) {
      expect(record).toEqual(expected)
    }
  }
  return records.length
}

/** Returns the number of bits to flip: all, but few in the reserved part of the header and none in the unused bytes after the seal. */
function flippedBitsAt(offset: number): number {
  if (offset >= 4096 + 56 && offset < RECORDS_FILE_OFFSET) return 0
  if (offset > 160 && offset < 4088) return offset % 16 === 0 ? 1 : 0
  return 8
}

function findingCountOf(vfs: SimulatedVfs): number {
  let count = 0
  verifyWal(vfs, 'log', { finding: () => count++, progress: () => {} })
  return count
}

for (const clean of [true, false]) {
  describe(clean ? 'closed log' : 'log left open', () => {
    const golden = makeGolden(clean)
    const paths = [...golden.files.keys()]

    test('is read back unchanged', () => {
      expect(paths.length).toBe(2)
      expect(outcomeOf(golden, restored(golden, '', new Uint8Array()))).toBe(11)
      expect(findingCountOf(restored(golden, '', new Uint8Array()))).toBe(0)
    })

    test('truncated at every byte', () => {
      const outcomes = new Map<number | string, number>()
      for (const path of paths) {
        const content = golden.files.get(path)!
        for (let length = 0; length < content.length; length++) {
          // Within the header, where nothing varies, every 16th byte is enough.
          if (length < RECORDS_FILE_OFFSET && length > 160 && length % 16 !== 0) continue
          const vfs = restored(golden, path, content.subarray(0, length))
          const findingCount = findingCountOf(vfs)
          // No remaining record proves the last sync: only the records of the previous segment are known to be synced.
          const lacksProof = !clean && path === golden.newestPath && length < golden.laterSyncedOffset + 32
          const outcome = outcomeOf(golden, vfs, lacksProof ? golden.baseCount : golden.syncedCount)
          if (typeof outcome === 'string') expect(findingCount).toBeGreaterThan(0)
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
        }
      }
      const counts = [...outcomes.keys()].filter((key) => typeof key === 'number')
      if (clean) expect(counts).toEqual([])
      else expect(counts.sort((left, right) => left - right)).toEqual([7, 8, 9, 10, 11])
    })

    test('with every bit flipped', () => {
      let silentCount = 0
      for (const path of paths) {
        const content = golden.files.get(path)!.slice()
        for (let offset = 0; offset < content.length; offset++) {
          const bits = flippedBitsAt(offset)
          for (let bit = 0; bit < bits; bit++) {
            content[offset] = content[offset]! ^ (1 << bit)
            const vfs = restored(golden, path, content)
            const findingCount = findingCountOf(vfs)
            const outcome = outcomeOf(golden, vfs)
            if (outcome === 11 && findingCount === 0) silentCount++
            if (typeof outcome === 'string') expect(findingCount).toBeGreaterThan(0)
            if (clean && typeof outcome === 'number') expect(outcome).toBe(11)
            content[offset] = content[offset]! ^ (1 << bit)
          }
        }
      }
      // Only preallocated zeros of a log that was left open may change without a finding.
      if (clean) expect(silentCount).toBe(0)
    })

    test('with every sector zeroed', () => {
      for (const path of paths) {
        const content = golden.files.get(path)!
        for (let start = 0; start < content.length; start += 512) {
          const bytes = content.slice()
          bytes.fill(0, start, start + 512)
          const lacksProof = !clean && path === golden.newestPath && start === RECORDS_FILE_OFFSET
          const atLeast = lacksProof ? golden.baseCount : golden.syncedCount
          const outcome = outcomeOf(golden, restored(golden, path, bytes), atLeast)
          if (clean && typeof outcome === 'number') expect(outcome).toBe(11)
        }
      }
    })
  })
}

test.each([100, 1_500_000])(
  'zeros of any length in place of synced records of %d bytes hide no later record',
  (byteCount) => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    const lsns = [0, 1, 2].map((index) => {
      if (index === 2) wal.sync()
      return wal.append(payloadOf(index, index === 2 ? 100 : byteCount))
    })
    wal.flush()
    wal.close({ clean: false })
    const path = 'log/0000000001.wal'
    const end = RECORDS_FILE_OFFSET + lsns[2]!
    // The zeros end where the last record begins, which alone proves that those before it were synced.
    for (let count = 8; count <= 256; count += 8) {
      const copy = new SimulatedVfs()
      copy.directories.add('log')
      copy.replaceContent(path, vfs.content(path).slice())
      const start =
        byteCount > 1000 ? RECORDS_FILE_OFFSET + count : Math.max(RECORDS_FILE_OFFSET, end - count)
      copy.content(path).fill(0, start, end)
      expect(() => Wal.open(copy, 'log'), `${count}`).toThrow(
        expect.objectContaining({ code: 'LDB_CORRUPTION' }),
      )
    }
  },
)

test('a bad record is corruption when a later one proves that it was synced', () => {
  const vfs = new SimulatedVfs()
  const wal = Wal.open(vfs, 'log')
  const lsns = [0, 1, 2, 3].map((index) => {
    const lsn = wal.append(payloadOf(index, 100))
    if (index === 1) wal.sync()
    return lsn
  })
  wal.flush()
  wal.close({ clean: false })
  const path = 'log/0000000001.wal'
  const flipIn = (index: number): SimulatedVfs => {
    const copy = new SimulatedVfs()
    copy.directories.add('log')
    copy.replaceContent(path, vfs.content(path))
    const at = RECORDS_FILE_OFFSET + lsns[index]! + 50
    copy.content(path)[at] = copy.content(path)[at]! ^ 4
    return copy
  }
  expect(() => Wal.open(flipIn(0), 'log')).toThrow(
    expect.objectContaining({
      code: 'LDB_CORRUPTION',
      details: expect.objectContaining({ file: path, offset: RECORDS_FILE_OFFSET }),
    }),
  )
  expect(() => Wal.open(flipIn(1), 'log')).toThrow(expect.objectContaining({ code: 'LDB_CORRUPTION' }))
  // Above the synced position it is a torn tail, and the good record after it never reappears.
  const torn = flipIn(2)
  const again = Wal.open(torn, 'log')
  expect(recordsOf(again)).toHaveLength(2)
  again.append(payloadOf(7, 10))
  again.flush()
  again.close({ clean: false })
  const third = Wal.open(torn, 'log')
  expect(recordsOf(third)).toHaveLength(3)
  expect(findingCountOf(torn)).toBe(0)
})

test('a record image inside a payload is never read as a record', () => {
  const vfs = new SimulatedVfs()
  let wal = Wal.open(vfs, 'log')
  const path = 'log/0000000001.wal'
  wal.append(payloadOf(1, 8))
  wal.sync()
  const second = wal.append(payloadOf(2, 40))
  wal.flush()
  // The second record proves that the first was synced. A payload repeats its bytes, which have the seed of the segment.
  const image = vfs.content(path).slice(RECORDS_FILE_OFFSET + second, RECORDS_FILE_OFFSET + wal.endLsn)
  const payload = new Uint8Array(image.length * 50)
  for (let index = 0; index < 50; index++) payload.set(image, index * image.length)
  const third = wal.append(payload)
  wal.flush()
  wal.close({ clean: false })
  // The header of the record with that payload is torn, so that recovery searches the payload for records.
  vfs.content(path).fill(0, RECORDS_FILE_OFFSET + third, RECORDS_FILE_OFFSET + third + 32)
  wal = Wal.open(vfs, 'log')
  expect(recordsOf(wal).map((record) => record.lsn)).toEqual([0, second])
  expect(wal.endLsn).toBe(third)
})

test('random bytes in place of records are read as an empty log', () => {
  const origin = new SimulatedVfs()
  Wal.open(origin, 'log', { preallocateBytes: 0 }).close({ clean: false })
  const path = 'log/0000000001.wal'
  const front = origin.content(path).slice(0, RECORDS_FILE_OFFSET)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000, size: 'max' }), (garbage) => {
      const vfs = new SimulatedVfs(5)
      vfs.directories.add('log')
      const bytes = new Uint8Array(front.length + garbage.length)
      bytes.set(front)
      bytes.set(garbage, front.length)
      vfs.replaceContent(path, bytes)
      const wal = Wal.open(vfs, 'log')
      expect(recordsOf(wal)).toEqual([])
      expect(wal.endLsn).toBe(0)
      wal.close()
    }),
  )
})
