// Strategy: a segment is extended by a hole of a terabyte, in every state in which a log can be left, and reads are counted.
// Invariants: an open and a verification read a number of bytes that the segment's capacity bounds, and lose no record.
import { MemoryVfs } from '@ldb/vfs'
import type { OpenMode, VfsFile } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { RECORDS_FILE_OFFSET } from '../src/format.js'
import { verifyWal, Wal } from '../src/index.js'
import { payloadOf, recordsOf } from './log-content.js'

const TERA = 2 ** 40
const SEGMENT_BYTES = 65_536
/** Reads are buffered: each pass over a segment may read this much beyond its records. */
const READ_BYTES = 1_048_576

/** Counts the bytes that are read. */
class CountingVfs extends MemoryVfs {
  bytesRead = 0

  override open(path: string, mode: OpenMode): VfsFile {
    const file = super.open(path, mode)
    const read: VfsFile['read'] = (target, targetOffset, byteCount, fileOffset) => {
      const count = file.read(target, targetOffset, byteCount, fileOffset)
      this.bytesRead += count
      return count
    }
    return new Proxy(file, {
      get: (target, name: keyof VfsFile) => {
        if (name === 'read') return read
        const member: unknown = target[name]
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
  }
}

const options = { segmentBytes: SEGMENT_BYTES, preallocateBytes: 4096 }

function extend(vfs: MemoryVfs, path: string, length = TERA): void {
  const file = vfs.open(path, 'write')
  file.truncate(length)
  file.close()
}

function findingsIn(vfs: MemoryVfs): string[] {
  const messages: string[] = []
  verifyWal(vfs, 'log', { finding: ({ message }) => messages.push(message), progress: () => {} })
  return messages
}

/** Creates a log of three segments, extends all of them, and opens it. */
function openExtended(fill: (wal: Wal) => void, clean: boolean): { vfs: CountingVfs; wal: Wal } {
  const vfs = new CountingVfs()
  const before = Wal.open(vfs, 'log', options)
  fill(before)
  before.flush()
  const expected = recordsOf(before)
  before.close({ clean })
  for (const name of vfs.list('log')) extend(vfs, `log/${name}`)
  vfs.bytesRead = 0
  expect(findingsIn(vfs)).toEqual([])
  const wal = Wal.open(vfs, 'log', options)
  expect(recordsOf(wal)).toEqual(expected)
  return { vfs, wal }
}

describe.each([false, true])('a hole of a terabyte, closed cleanly: %s', (clean) => {
  test('after small records is not read, and is removed', () => {
    const { vfs, wal } = openExtended((log) => {
      for (let index = 0; index < 40; index++) log.append(payloadOf(index, 4000), { seq: index + 1 })
    }, clean)
    expect(vfs.bytesRead).toBeLessThan(16 * READ_BYTES)
    wal.append(payloadOf(1, 10), { seq: 41 })
    wal.flush()
    // The segment that was the newest one has a successor.
    const lengths = vfs.list('log').map((name) => vfs.status(`log/${name}`)?.length ?? 0)
    expect(Math.max(...lengths.slice(-2))).toBeLessThan(RECORDS_FILE_OFFSET + 2 * SEGMENT_BYTES)
    wal.close()
  })

  test('after a record that is larger than a segment', () => {
    const { vfs, wal } = openExtended((log) => {
      log.append(payloadOf(1, 4000), { seq: 1 })
      log.append(payloadOf(2, 20 * SEGMENT_BYTES), { seq: 2 })
    }, clean)
    expect(vfs.bytesRead).toBeLessThan(16 * READ_BYTES)
    wal.close()
  })

  test('in an empty segment', () => {
    const { vfs, wal } = openExtended(() => undefined, clean)
    expect(vfs.bytesRead).toBeLessThan(4 * READ_BYTES)
    wal.close()
  })
})

test('a torn record larger than a segment, before a hole of a terabyte, ends the log', () => {
  for (const tornAt of [0, 9, 40, 10 * SEGMENT_BYTES]) {
    const vfs = new CountingVfs()
    const before = Wal.open(vfs, 'log', options)
    before.append(payloadOf(1, 4000), { seq: 1 })
    before.sync()
    before.append(payloadOf(2, 20 * SEGMENT_BYTES), { seq: 2 })
    before.flush()
    before.close({ clean: false })
    const path = `log/${vfs.list('log').at(-1)}`
    const file = vfs.open(path, 'write')
    file.write(Uint8Array.of(0x5a), 0, 1, RECORDS_FILE_OFFSET + tornAt)
    extend(vfs, path)
    vfs.bytesRead = 0
    const wal = Wal.open(vfs, 'log', options)
    expect(recordsOf(wal).map(({ seq }) => seq)).toEqual([1])
    expect(vfs.bytesRead).toBeLessThan(8 * READ_BYTES)
    wal.close()
  }
})

test('records after a bad one are found up to the capacity of the segment', () => {
  const vfs = new MemoryVfs()
  const before = Wal.open(vfs, 'log', options)
  before.append(payloadOf(1, 100), { seq: 1 })
  before.append(payloadOf(2, SEGMENT_BYTES - 400), { seq: 2 })
  before.sync()
  before.append(payloadOf(3, 100), { seq: 3 })
  before.flush()
  before.close({ clean: false })
  const path = 'log/0000000001.wal'
  vfs.open(path, 'write').write(Uint8Array.of(0x5a), 0, 1, RECORDS_FILE_OFFSET + 9)
  extend(vfs, path)
  expect(() => Wal.open(vfs, 'log', options)).toThrow(/a synced record of the log is bad or missing/)
})
