import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LdbError } from '@ldb/base'
import { MemoryVfs, NodeVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { Wal } from '../src/index.js'
import { codeOf } from './error-code.js'
import { findingsOf, payloadOf, recordsOf } from './log-content.js'
import { SimulatedVfs } from './simulated-vfs.js'

describe('order of syncs', () => {
  test('the name of a segment is durable before its first record is written, and the old seal is written last', () => {
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
    expect(vfs.trace).toEqual(['write log/0000000001.wal 8192+1032'])
    vfs.trace.length = 0
    wal.flush()
    expect(vfs.trace).toEqual([
      'sync log/0000000001.wal',
      'create log/0000000002.wal.new',
      'write log/0000000002.wal.new 0+8192',
      'sync log/0000000002.wal.new',
      'rename log/0000000002.wal.new log/0000000002.wal',
      'syncDirectory log',
      'write log/0000000002.wal 8192+1024',
      'truncate log/0000000001.wal 9224',
      'write log/0000000001.wal 4096+56',
      'sync log/0000000001.wal',
    ])
    vfs.trace.length = 0
    wal.close()
    expect(vfs.trace).toEqual([
      'truncate log/0000000002.wal 9216',
      'sync log/0000000002.wal',
      'write log/0000000002.wal 4096+56',
      'sync log/0000000002.wal',
    ])
  })

  test('syncs write to preallocated space', () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    for (let index = 0; index < 4000; index++) {
      wal.append(payloadOf(index, 150))
      wal.sync()
    }
    const growing = vfs.trace.filter((line) => line.startsWith('preallocate'))
    // 184 bytes a record, in slices of 256 KiB.
    expect(growing.length).toBeLessThan(6)
    expect(growing.length).toBeGreaterThan(1)
  })

  test('async syncs write to space that was preallocated in slices', async () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    for (let index = 0; index < 8000; index++) {
      wal.append(payloadOf(index, 150))
      await wal.syncAsync()
    }
    const lengths = vfs.trace
      .filter((line) => line.startsWith('preallocate'))
      .map((line) => Number(line.split(' ').at(-1)))
    expect(lengths.length).toBeGreaterThan(4)
    for (const [index, length] of lengths.entries()) {
      if (index > 0) expect(length - (lengths[index - 1] as number)).toBeLessThanOrEqual(256 * 1024)
    }
    expect(lengths.at(-1)).toBeGreaterThan(wal.endLsn)
    wal.close()
    expect(recordsOf(Wal.open(vfs, 'log'))).toHaveLength(8000)
  })

  test('a failed sync of preallocated space poisons the log', async () => {
    const vfs = new SimulatedVfs()
    const wal = Wal.open(vfs, 'log')
    let isFilled = false
    vfs.onOperation = (operation) => {
      if (isFilled && operation === 'sync') throw new LdbError('LDB_IO', 'no device')
      if (operation === 'preallocate') isFilled = true
    }
    for (let index = 0; !isFilled; index++) {
      wal.append(payloadOf(index, 1000))
      await wal.syncAsync()
    }
    for (let attempt = 0; attempt < 20; attempt++) await Promise.resolve()
    expect(codeOf(() => wal.append(payloadOf(1, 1)))).toBe('LDB_POISONED')
    wal.close()
  })

  test('a commit does not wait for a running preallocation', async () => {
    const vfs = new SimulatedVfs()
    const open = vfs.open.bind(vfs)
    let filled: 'no' | 'yes' | 'synced' = 'no'
    let finish = (): void => {}
    vfs.open = (path, mode) => {
      const file = open(path, mode)
      const syncAsync = file.syncAsync.bind(file)
      file.syncAsync = () => {
        if (filled !== 'yes') return syncAsync()
        filled = 'synced'
        return new Promise((resolve) => (finish = resolve))
      }
      return file
    }
    const wal = Wal.open(vfs, 'log')
    vfs.onOperation = (operation) => {
      if (operation === 'preallocate' && filled === 'no') filled = 'yes'
    }
    for (let index = 0; index < 1000 && filled === 'no'; index++) {
      wal.append(payloadOf(index, 1000))
      await wal.syncAsync()
    }
    expect(filled).toBe('synced')
    wal.append(payloadOf(1, 1000))
    const synced = wal.syncAsync().then(() => true)
    expect(await Promise.race([synced, new Promise(setImmediate)])).toBe(true)
    finish()
    wal.close()
  })

  test('a closed log is opened and closed again without a write', () => {
    const vfs = new SimulatedVfs()
    Wal.open(vfs, 'log').close()
    vfs.trace.length = 0
    const wal = Wal.open(vfs, 'log')
    wal.sync()
    wal.close()
    expect(vfs.trace).toEqual([])
  })
})

describe('group commit', () => {
  test('concurrent callers share one sync; callers during that sync share the next', async () => {
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

  test('records flushed during a sync do not count as synced by it', async () => {
    const vfs = new SimulatedVfs()
    const open = vfs.open.bind(vfs)
    let finish = (): void => {}
    const gate = new Promise<void>((resolve) => (finish = resolve))
    vfs.open = (path, mode) => {
      const file = open(path, mode)
      file.syncAsync = () => gate
      return file
    }
    const wal = Wal.open(vfs, 'log')
    wal.append(payloadOf(1, 50))
    const running = wal.syncAsync()
    while (wal.stats().syncCount === 0) await Promise.resolve()
    const lsn = wal.append(payloadOf(2, 50))
    wal.flush()
    finish()
    await running
    expect(wal.syncedLsn).toBe(lsn)
  })

  test('a failed sync rejects all callers that share it and poisons the log', async () => {
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

  test('a rotation and a close during a running sync do not fail', async () => {
    const wal = Wal.open(new MemoryVfs(), 'log')
    wal.append(payloadOf(1, 1))
    const first = wal.syncAsync()
    await Promise.resolve()
    wal.rotate()
    wal.append(payloadOf(2, 1))
    const second = wal.syncAsync()
    wal.close()
    await Promise.all([first, second])
    await expect(wal.syncAsync()).rejects.toMatchObject({ code: 'LDB_CLOSED' })
  })
})

test('records survive reopening on a real file system', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ldb-wal-'))
  try {
    const vfs = new NodeVfs()
    const path = join(directory, 'log')
    let wal = Wal.open(vfs, path, { segmentBytes: 64 * 1024 })
    for (let index = 0; index < 500; index++) {
      wal.append(payloadOf(index, 300), { seq: index + 1 })
      if (index % 50 === 0) await wal.syncAsync()
      if (index % 70 === 0) wal.sync()
    }
    wal.flush()
    const records = recordsOf(wal)
    wal.close({ clean: false })
    for (const clean of [true, true]) {
      wal = Wal.open(vfs, path, { mustExist: true })
      expect(recordsOf(wal)).toEqual(records)
      expect(findingsOf(wal)).toEqual([])
      wal.close({ clean })
    }
    wal = Wal.open(vfs, path)
    expect(wal.openedClean).toBe(true)
    wal.append(payloadOf(1, 1))
    wal.rotate()
    wal.truncateBefore(wal.endLsn)
    expect(wal.stats().segmentCount).toBe(1)
    wal.close()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
