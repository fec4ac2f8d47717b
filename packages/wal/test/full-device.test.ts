// Strategy: a device without space for the copy of the records that recovery repeats, and one with little space for zeros.
// Invariants: a log opens, keeps every record, and a crash at any step of the open changes nothing.
import { isLdbError, LdbError } from '@ldb/base'
import { describe, expect, test } from 'vitest'
import { RECORDS_FILE_OFFSET } from '../src/format.js'
import { Wal } from '../src/index.js'
import { findingsOf, payloadOf, recordsOf } from './log-content.js'
import { KEEP_ALL, KEEP_NONE, SimulatedVfs } from './simulated-vfs.js'

/** A file system whose new files hold only as much as an empty segment needs. */
class NarrowVfs extends SimulatedVfs {
  /** Bytes that a file may have after its creation in this opening. */
  spaceBytes = Infinity

  freeBytes(): number | undefined {
    return this.spaceBytes === Infinity ? undefined : this.spaceBytes
  }

  limit(): void {
    this.onOperation = (operation, path) => {
      if (operation !== 'write' || !path.endsWith('.wal.new')) return
      if ((this.status(path)?.length ?? 0) >= this.spaceBytes)
        throw new LdbError('LDB_NO_SPACE', `no space for ${path}`, { details: { file: path } })
    }
  }
}

const options = { segmentBytes: 4 * 1024 * 1024, preallocateBytes: 0 }

/** Returns a log left open, most of whose records no later record proves to be synced. */
function leftOpen(): NarrowVfs {
  const vfs = new NarrowVfs()
  const wal = Wal.open(vfs, 'log', options)
  wal.append(payloadOf(1, 100), { seq: 1 })
  wal.sync()
  for (let index = 2; index < 20; index++) wal.append(payloadOf(index, 3000), { seq: index })
  wal.flush()
  wal.close({ clean: false })
  return vfs
}

describe('a log left open on a device without space for a copy of its end', () => {
  test('opens, and its records are durable', () => {
    const vfs = leftOpen()
    const expected = recordsOf(Wal.open(leftOpen(), 'log', options))
    vfs.spaceBytes = RECORDS_FILE_OFFSET
    vfs.limit()
    const wal = Wal.open(vfs, 'log', options)
    expect(recordsOf(wal)).toEqual(expected)
    expect(wal.stats().segmentCount).toBe(2)
    vfs.crash(KEEP_NONE)
    const after = Wal.open(vfs, 'log', options)
    expect(recordsOf(after)).toEqual(expected)
    after.append(payloadOf(99, 10), { seq: 99 })
    after.close()
    expect(findingsOf(Wal.open(vfs, 'log', options))).toEqual([])
  })

  test('a crash at any operation of the open loses nothing', () => {
    const expected = recordsOf(Wal.open(leftOpen(), 'log', options))
    for (let stopAt = 1, isComplete = false; !isComplete; stopAt++) {
      for (const keep of [KEEP_ALL, KEEP_NONE]) {
        const vfs = leftOpen()
        vfs.spaceBytes = RECORDS_FILE_OFFSET
        vfs.limit()
        const limited = vfs.onOperation
        let count = 0
        vfs.onOperation = (operation, path) => {
          limited?.(operation, path)
          if (++count === stopAt) throw new LdbError('LDB_IO', 'the process stops here')
        }
        try {
          Wal.open(vfs, 'log', options)
          isComplete = true
        } catch (error) {
          if (!isLdbError(error)) throw error
        }
        vfs.crash(keep)
        const wal = Wal.open(vfs, 'log', options)
        expect(recordsOf(wal).slice(0, expected.length), `stopped at ${stopAt}`).toEqual(
          keep === KEEP_ALL ? expected : expected.slice(0, recordsOf(wal).length),
        )
        wal.close()
      }
    }
  })
})

test('a segment that was created is not replaced by another one when the device is too full to sync the directory', () => {
  const vfs = leftOpen()
  const expected = recordsOf(Wal.open(leftOpen(), 'log', options))
  vfs.onOperation = (operation) => {
    if (operation === 'syncDirectory') throw new LdbError('LDB_NO_SPACE', 'no space for a directory')
  }
  expect(() => Wal.open(vfs, 'log', options)).toThrow(expect.objectContaining({ code: 'LDB_NO_SPACE' }))
  vfs.onOperation = undefined
  vfs.crash(KEEP_ALL)
  const wal = Wal.open(vfs, 'log', options)
  expect(recordsOf(wal)).toEqual(expected)
  expect(findingsOf(wal)).toEqual([])
})

test('zeros are allocated only where there is space for them', () => {
  for (const [freeBytes, longest] of [
    [2 ** 30, RECORDS_FILE_OFFSET + 2 ** 18],
    [2 ** 22 + 2 ** 21, RECORDS_FILE_OFFSET + 2 ** 18],
    [2 ** 20, RECORDS_FILE_OFFSET],
    [0, RECORDS_FILE_OFFSET],
  ] as const) {
    const vfs = Object.assign(new SimulatedVfs(), { freeBytes: () => freeBytes })
    const wal = Wal.open(vfs, 'log')
    const { length = 0 } = vfs.status('log/0000000001.wal') ?? {}
    expect(length).toBeLessThanOrEqual(longest)
    if (freeBytes > 2 ** 23) expect(length).toBe(longest)
    for (let index = 1; index < 200; index++) {
      wal.append(payloadOf(index, 100), { seq: index })
      wal.sync()
    }
    wal.close()
  }
})

test('the segment that an open finds is truncated to its records', () => {
  const vfs = new SimulatedVfs()
  const wal = Wal.open(vfs, 'log')
  wal.append(payloadOf(1, 100), { seq: 1 })
  wal.sync()
  wal.append(payloadOf(2, 100), { seq: 2 })
  wal.flush()
  wal.close({ clean: false })
  expect(vfs.status('log/0000000001.wal')?.length).toBeGreaterThan(200_000)
  const after = Wal.open(vfs, 'log')
  expect(vfs.status('log/0000000001.wal')?.length).toBeLessThan(RECORDS_FILE_OFFSET + 500)
  expect(recordsOf(after).map(({ seq }) => seq)).toEqual([1, 2])
})
