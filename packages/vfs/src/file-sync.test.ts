// Strategy: a file whose asynchronous syncs the test counts, completes and fails.
// Invariants: many unsynced bytes start an early writeback; the failure of an early writeback fails every later sync and every
// concurrent one; no early writeback starts after close, and the handle closes with the last sync in flight.
import { LdbError } from '@ldb/base'
import { describe, expect, test } from 'vitest'
import type { DeadlineSync } from './environment/deadline-sync.js'
import { FileSync } from './file-sync.js'
import { MemoryVfs } from './memory/memory-vfs.js'
import type { OpenMode, VfsFile } from './vfs.js'

const WRITEBACK_BYTES = 100

/** Files whose asynchronous syncs stay pending until the test settles them. */
class PendingSyncVfs extends MemoryVfs {
  syncCount = 0
  closedCount = 0
  openCount = 0
  openFailure: LdbError | undefined = undefined
  readonly pending: { resolve: () => void; reject: (error: unknown) => void }[] = []

  override open(path: string, mode: OpenMode): VfsFile {
    if (this.openFailure !== undefined) throw this.openFailure
    this.openCount++
    const file = super.open(path, mode)
    const close = file.close.bind(file)
    file.syncAsync = (): Promise<void> =>
      new Promise((resolve, reject) => {
        this.syncCount++
        this.pending.push({ resolve, reject })
      })
    file.close = (): void => {
      this.closedCount++
      close()
    }
    return file
  }
}

function make(): { vfs: PendingSyncVfs; file: VfsFile; sync: FileSync } {
  const vfs = new PendingSyncVfs()
  const file = vfs.open('/file', 'create')
  return { vfs, file, sync: new FileSync(vfs, file, WRITEBACK_BYTES) }
}

const FAILURE = new LdbError('LDB_IO', 'device error')

test('starts an early writeback per threshold of written bytes, up to a limit while none completes', () => {
  const { vfs, sync } = make()
  for (let count = 0; count < 3; count++) sync.recordWrite(WRITEBACK_BYTES / 4)
  expect(vfs.syncCount).toBe(0)
  sync.recordWrite(WRITEBACK_BYTES / 4)
  expect(vfs.syncCount).toBe(1)
  for (let count = 0; count < 100; count++) sync.recordWrite(WRITEBACK_BYTES)
  expect(vfs.syncCount).toBe(16)
  sync.sync()
  sync.recordWrite(WRITEBACK_BYTES)
  expect(vfs.syncCount).toBe(17)
})

test('every sync after a failed early writeback fails', async () => {
  const { vfs, sync } = make()
  sync.recordWrite(WRITEBACK_BYTES)
  vfs.pending[0]!.reject(FAILURE)
  await new Promise(setImmediate)
  for (let count = 0; count < 2; count++) {
    expect(() => sync.sync()).toThrow(FAILURE)
    await expect(sync.syncAsync()).rejects.toBe(FAILURE)
  }
  expect(vfs.syncCount).toBe(1)
})

test('a sync that succeeds fails with a concurrent early writeback that fails', async () => {
  const { vfs, sync } = make()
  sync.recordWrite(WRITEBACK_BYTES)
  sync.recordWrite(WRITEBACK_BYTES)
  const synced = sync.syncAsync()
  vfs.pending[2]!.resolve()
  vfs.pending[1]!.resolve()
  await new Promise(setImmediate)
  vfs.pending[0]!.reject(FAILURE)
  await expect(synced).rejects.toBe(FAILURE)
})

test('an adopted sync is waited for and its failure fails later syncs', async () => {
  const { vfs, file, sync: previous } = make()
  void previous.syncAsync().catch(() => undefined)
  previous.close()
  const sync = new FileSync(vfs, file, WRITEBACK_BYTES)
  sync.adopt(previous)
  const synced = sync.syncAsync()
  vfs.pending[1]!.resolve()
  await new Promise(setImmediate)
  vfs.pending[0]!.reject(FAILURE)
  await expect(synced).rejects.toBe(FAILURE)
  expect(() => sync.sync()).toThrow(FAILURE)
  const late = new FileSync(vfs, file, WRITEBACK_BYTES)
  late.adopt(previous)
  expect(() => late.sync()).toThrow(FAILURE)
  sync.close()
  late.close()
  file.close()
  expect(vfs.openCount - vfs.closedCount).toBe(0)
})

test('a sync starts a device sync of its own while an early writeback is in flight', () => {
  const { vfs, sync } = make()
  sync.recordWrite(WRITEBACK_BYTES)
  void sync.syncAsync()
  expect(vfs.syncCount).toBe(2)
  for (const { resolve } of vfs.pending) resolve()
})

test('two concurrent syncs both fail, whichever of them receives the error', async () => {
  for (const failing of [0, 1]) {
    const { vfs, sync } = make()
    const synced = [sync.syncAsync(), sync.syncAsync()]
    const outcomes = Promise.allSettled(synced)
    vfs.pending[1 - failing]!.resolve()
    await new Promise(setImmediate)
    vfs.pending[failing]!.reject(FAILURE)
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  }
})

test('without a free file handle no early writeback starts and no sync fails', async () => {
  const { vfs, sync } = make()
  vfs.openFailure = new LdbError('LDB_IO', 'too many open files')
  sync.recordWrite(WRITEBACK_BYTES)
  await new Promise(setImmediate)
  expect(() => sync.sync()).not.toThrow()
  expect(vfs.syncCount).toBe(0)
  vfs.openFailure = undefined
  sync.recordWrite(WRITEBACK_BYTES)
  expect(vfs.syncCount).toBe(1)
})

test('code that never yields to the event loop keeps at most 64 handles open', async () => {
  const vfs = new PendingSyncVfs()
  for (let count = 0; count < 1000; count++) {
    const file = vfs.open('/file', 'create')
    const sync = new FileSync(vfs, file, WRITEBACK_BYTES)
    sync.recordWrite(WRITEBACK_BYTES)
    sync.sync()
    sync.close()
    file.close()
  }
  expect(vfs.openCount - vfs.closedCount).toBeLessThanOrEqual(64)
  for (const { resolve } of vfs.pending) resolve()
  await new Promise(setImmediate)
  expect(vfs.openCount - vfs.closedCount).toBe(0)
})

test('starts no early writeback after close, and closes the handle with the last sync in flight', async () => {
  const { vfs, sync } = make()
  sync.recordWrite(WRITEBACK_BYTES)
  sync.close()
  sync.recordWrite(WRITEBACK_BYTES)
  expect([vfs.syncCount, vfs.closedCount]).toEqual([1, 0])
  vfs.pending[0]!.resolve()
  await new Promise(setImmediate)
  expect(vfs.closedCount).toBe(1)
})

test('a sync refuses another file at the path, and an early writeback ignores it', async () => {
  const vfs = new MemoryVfs()
  const file = vfs.open('/file', 'create')
  vfs.rename('/file', '/moved')
  vfs.open('/file', 'create').close()
  const sync = new FileSync(vfs, file, WRITEBACK_BYTES)
  sync.recordWrite(WRITEBACK_BYTES)
  sync.sync()
  await expect(sync.syncAsync()).rejects.toMatchObject({ code: 'LDB_POISONED' })
  vfs.remove('/file')
  await expect(sync.syncAsync()).rejects.toMatchObject({ code: 'LDB_NOT_FOUND' })
  vfs.rename('/moved', '/file')
  await sync.syncAsync()
})

test('files without an identity are not compared', async () => {
  const vfs = new MemoryVfs()
  const file = vfs.open('/file', 'create')
  file.identity = (): undefined => undefined
  vfs.rename('/file', '/moved')
  vfs.open('/file', 'create').close()
  await new FileSync(vfs, file, WRITEBACK_BYTES).syncAsync()
})

describe('a sync that is polled', () => {
  /** A thread that the test plays. */
  function makeServed(): ReturnType<typeof make> & {
    thread: DeadlineSync & { failure: LdbError | undefined; complete: () => void }
  } {
    const made = make()
    let writtenEnd = 0
    const thread = {
      isWaiting: false,
      isServed: true,
      syncedEnd: 0,
      failure: undefined as LdbError | undefined,
      requestCount: 0,
      request: () => undefined,
      noteWritten: (end: number) => {
        writtenEnd = end
      },
      takeSyncCount: () => 0,
      cancel: () => undefined,
      close: () => undefined,
      complete: () => {
        thread.syncedEnd = writtenEnd
      },
    }
    made.file.deadlineSync = (): DeadlineSync => thread
    return { ...made, thread }
  }

  test('blocks where there is no other thread', () => {
    const { file, sync } = make()
    let count = 0
    file.sync = (): void => {
      count++
    }
    expect(sync.beginSync()()).toBe(true)
    expect(count).toBe(1)
  })

  test('ends when the other thread has done it, and each one needs a sync of its own', () => {
    const { file, sync, thread } = makeServed()
    file.sync = (): never => {
      throw new Error('must not block')
    }
    const first = sync.beginSync()
    expect([first(), first()]).toEqual([false, false])
    thread.complete()
    expect([first(), first()]).toEqual([true, true])
    const second = sync.beginSync()
    expect(second()).toBe(false)
    thread.complete()
    expect(second()).toBe(true)
  })

  test.each(['is not served', 'was overtaken by a blocking sync'])('ends at once when it %s', (how) => {
    const { sync, thread } = makeServed()
    const poll = sync.beginSync()
    expect(poll()).toBe(false)
    if (how === 'is not served') Object.assign(thread, { isServed: false })
    else sync.sync()
    expect(poll()).toBe(true)
  })

  test('fails as the sync of the other thread does', () => {
    const { sync, thread } = makeServed()
    const poll = sync.beginSync()
    thread.failure = FAILURE
    expect(poll).toThrow(FAILURE)
    expect(() => sync.beginSync()).toThrow(FAILURE)
  })

  test('does not trust the other thread while the outcome of an early writeback is unknown', async () => {
    const { vfs, file, sync, thread } = makeServed()
    let count = 0
    file.sync = (): void => {
      count++
    }
    sync.recordWrite(WRITEBACK_BYTES)
    const poll = sync.beginSync()
    expect(poll()).toBe(false)
    thread.complete()
    expect([poll(), count]).toEqual([true, 1])
    vfs.pending[0]!.reject(FAILURE)
    await new Promise(setImmediate)
    expect(poll).toThrow(FAILURE)
  })
})
