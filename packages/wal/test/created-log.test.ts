/**
 * Strategy: logs that their owner creates before it publishes them, counted over a memory file system.
 *
 * Invariants: the creation syncs nothing that its owner syncs later; the segment is continued exactly if nothing has touched the log since;
 * a clean close of a synced log syncs once.
 */
import { MemoryVfs } from '@ldb/vfs'
import type { VfsFile } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Wal } from '../src/index.js'
import type { CreatedLog } from '../src/index.js'

class CountingVfs extends MemoryVfs {
  readonly syncs: string[] = []

  override open(path: string, mode: 'read' | 'write' | 'create' | 'createNew'): VfsFile {
    const file = super.open(path, mode)
    const sync = file.sync.bind(file)
    file.sync = (): void => {
      this.syncs.push(path)
      sync()
    }
    return file
  }

  override syncDirectory(path: string): void {
    this.syncs.push(path)
    super.syncDirectory(path)
  }
}

const PAYLOAD = new Uint8Array([1, 2, 3])

function create(vfs: CountingVfs): CreatedLog {
  const wal = Wal.open(vfs, 'log', { isUnpublished: true, preallocateBytes: 0 })
  wal.append(PAYLOAD, { seq: 1 })
  wal.sync()
  const created = { segmentId: wal.history.segmentId, endLsn: wal.endLsn }
  wal.close({ clean: false })
  return created
}

function payloads(wal: Wal): Uint8Array[] {
  const found: Uint8Array[] = []
  const reader = wal.read(wal.firstLsn)
  while (reader.next()) found.push(reader.payload.slice())
  reader.close()
  return found
}

test('an unpublished log is synced once by its owner, and continued in its segment', () => {
  const vfs = new CountingVfs()
  const continues = create(vfs)
  expect(vfs.syncs).toEqual(['log/0000000001.wal'])
  const wal = Wal.open(vfs, 'log', { continues })
  expect(wal.openedClean).toBe(true)
  expect(wal.history.hasCreatedSegment).toBe(true)
  wal.append(PAYLOAD, { seq: 2 })
  wal.sync()
  expect(payloads(wal)).toHaveLength(2)
  wal.close()
  expect(vfs.syncs).toEqual(['log/0000000001.wal', 'log/0000000001.wal', 'log/0000000001.wal'])
  expect(vfs.list('log')).toEqual(['0000000001.wal'])
  const again = Wal.open(vfs, 'log', { continues })
  expect(again.openedClean).toBe(true)
  expect(again.history.hasCreatedSegment).toBe(false)
  expect(payloads(again)).toHaveLength(2)
  again.rotate()
  again.close()
})

test('a log that another process has opened is not continued', () => {
  const vfs = new CountingVfs()
  const continues = create(vfs)
  Wal.open(vfs, 'log').close({ clean: false })
  const wal = Wal.open(vfs, 'log', { continues })
  expect(wal.openedClean).toBe(false)
  expect(payloads(wal)).toEqual([PAYLOAD])
  wal.close()
})

test('a log that is longer than at its creation, or another one, is not continued', () => {
  const vfs = new CountingVfs()
  const created = create(vfs)
  for (const continues of [
    { ...created, endLsn: created.endLsn - 8 },
    { ...created, segmentId: new Uint8Array(16) },
  ]) {
    const copy = new CountingVfs()
    create(copy)
    const wal = Wal.open(copy, 'log', { continues })
    expect(wal.openedClean).toBe(false)
    wal.close()
  }
})

test('a clean close syncs records that are not on the device before its seal', () => {
  const vfs = new CountingVfs()
  const wal = Wal.open(vfs, 'log', { continues: create(vfs) })
  wal.append(PAYLOAD, { seq: 2 })
  vfs.syncs.length = 0
  wal.close()
  expect(vfs.syncs).toHaveLength(2)
})
