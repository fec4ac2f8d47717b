import { LdbError } from '@ldb/base'
import type { DeadlineSync, OpenMode, VfsFile } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { Wal } from '../src/index.js'
import { codeOf } from './error-code.js'
import { findingsOf, payloadOf, recordsOf } from './log-content.js'
import { SimulatedVfs } from './simulated-vfs.js'

test('a commit that begins a segment is durable before the previous one is sealed', () => {
  const vfs = new SimulatedVfs()
  const wal = Wal.open(vfs, 'log', { segmentBytes: 1024, preallocateBytes: 0 })
  wal.append(payloadOf(1, 1000))
  wal.sync()
  vfs.trace.length = 0
  wal.append(payloadOf(2, 992))
  wal.sync()
  expect(vfs.trace).toEqual([
    'create log/0000000002.wal.new',
    'write log/0000000002.wal.new 0+8192',
    'sync log/0000000002.wal.new',
    'rename log/0000000002.wal.new log/0000000002.wal',
    'syncDirectory log',
    'write log/0000000002.wal 8192+1024',
    'sync log/0000000002.wal',
    'truncate log/0000000001.wal 9224',
    'write log/0000000001.wal 4096+56',
    'sync log/0000000001.wal',
  ])
  wal.close()
})

test('commits go on while another thread syncs a seal, and the next segment waits for it', () => {
  const vfs = new PolledSeals()
  const wal = Wal.open(vfs, 'log', { segmentBytes: 1024, preallocateBytes: 0 })
  for (const seq of [1, 2]) {
    wal.append(payloadOf(seq, 900), { seq })
    wal.sync()
  }
  expect(vfs.begun).toEqual(['log/0000000001.wal'])
  wal.append(payloadOf(3, 20), { seq: 3 })
  wal.sync()
  expect(wal.syncedLsn).toBe(wal.endLsn)
  // No commit has waited for the seal.
  expect(vfs.trace.filter((line) => line === 'sync log/0000000001.wal')).toHaveLength(1)
  vfs.trace.length = 0
  wal.append(payloadOf(4, 900), { seq: 4 })
  wal.sync()
  const sealed = vfs.trace.indexOf('sync log/0000000001.wal')
  expect(sealed).toBeGreaterThanOrEqual(0)
  expect(sealed).toBeLessThan(vfs.trace.indexOf('create log/0000000003.wal.new'))
  wal.close()
  expect(recordsOf(Wal.open(vfs, 'log'))).toHaveLength(4)
})

test.each([false, true])('a log that is closed while a seal is synced leaks no handle: clean %s', (clean) => {
  const vfs = new PolledSeals()
  const wal = Wal.open(vfs, 'log', { segmentBytes: 1024, preallocateBytes: 0 })
  for (const seq of [1, 2]) {
    wal.append(payloadOf(seq, 900), { seq })
    wal.sync()
  }
  expect(vfs.openCount).toBeGreaterThan(1)
  vfs.trace.length = 0
  wal.close({ clean })
  expect(vfs.openCount).toBe(0)
  expect(vfs.trace[0]).toBe(clean ? 'sync log/0000000001.wal' : undefined)
  const reopened = Wal.open(vfs, 'log')
  expect(recordsOf(reopened)).toHaveLength(2)
  expect(findingsOf(reopened)).toEqual([])
  reopened.close()
})

test('a failed commit after a rotation leaks no handle', () => {
  const vfs = new PolledSeals()
  const wal = Wal.open(vfs, 'log', { segmentBytes: 1024, preallocateBytes: 0 })
  wal.append(payloadOf(1, 900), { seq: 1 })
  wal.sync()
  vfs.onOperation = (operation, path) => {
    if (operation === 'write' && path === 'log/0000000002.wal') throw new LdbError('LDB_IO', 'no device')
  }
  wal.append(payloadOf(2, 900), { seq: 2 })
  expect(codeOf(() => wal.sync())).toBe('LDB_IO')
  expect(vfs.begun).toEqual([])
  wal.close()
  expect(vfs.openCount).toBe(0)
})

test('a segment is not removed before it is sealed', () => {
  const vfs = new PolledSeals()
  const wal = Wal.open(vfs, 'log', { segmentBytes: 1024, preallocateBytes: 0 })
  for (const seq of [1, 2]) {
    wal.append(payloadOf(seq, 900), { seq })
    wal.sync()
  }
  vfs.trace.length = 0
  wal.truncateBefore(wal.endLsn)
  expect(vfs.trace[0]).toBe('sync log/0000000001.wal')
  expect(vfs.trace[1]).toBe('rename log/0000000001.wal log/0000000001.wal.old')
  wal.close()
})

/** Has a thread that begins syncs of the first segment and never ends one. */
class PolledSeals extends SimulatedVfs {
  readonly begun: string[] = []
  openCount = 0

  override open(path: string, mode: OpenMode): VfsFile {
    const file = super.open(path, mode)
    const close = file.close.bind(file)
    let isOpen = true
    this.openCount++
    file.close = () => {
      if (isOpen) this.openCount--
      isOpen = false
      close()
    }
    const begin = (): void => void this.begun.push(path)
    file.deadlineSync = () => neverSynced(begin)
    return file
  }
}

function neverSynced(begin: () => void): DeadlineSync {
  return {
    isServed: true,
    isWaiting: false,
    failure: undefined,
    syncedEnd: 0,
    takeSyncCount: () => 0,
    noteWritten: () => {},
    request: begin,
    cancel: () => {},
    close: () => {},
  }
}
