// Strategy: a file whose syncs are counted, held up and failed on order. Invariants: much that is written is sent to the device without
// anybody asking; what a failed one was told reaches everybody who syncs later, or is waiting beside it; nothing is sent behind a close.
import { LdbError } from '@ldb/base'
import { expect, test } from 'vitest'
import { FileRemoval } from './file-removal.js'
import { FileSync } from './file-sync.js'
import { MemoryVfs } from './memory/memory-vfs.js'
import type { OpenMode, VfsFile } from './vfs.js'

const AHEAD_BYTES = 100

/** Files whose syncs off the thread end when told. */
class HeldVfs extends MemoryVfs {
  syncCount = 0
  closedCount = 0
  openCount = 0
  refusal: LdbError | undefined = undefined
  readonly held: { resolve: () => void; reject: (error: unknown) => void }[] = []

  override open(path: string, mode: OpenMode): VfsFile {
    if (this.refusal !== undefined) throw this.refusal
    this.openCount++
    const file = super.open(path, mode)
    const close = file.close.bind(file)
    file.syncAsync = (): Promise<void> =>
      new Promise((resolve, reject) => {
        this.syncCount++
        this.held.push({ resolve, reject })
      })
    file.close = (): void => {
      this.closedCount++
      close()
    }
    return file
  }
}

function make(): { vfs: HeldVfs; file: VfsFile; sync: FileSync } {
  const vfs = new HeldVfs()
  const file = vfs.open('/file', 'create')
  return { vfs, file, sync: new FileSync(vfs, file, AHEAD_BYTES) }
}

const FAILURE = new LdbError('LDB_IO', 'the device is gone')

test('what is written is sent ahead each time there is much of it, until nobody sees an end', () => {
  const { vfs, sync } = make()
  for (let count = 0; count < 3; count++) sync.noteWritten(AHEAD_BYTES / 4)
  expect(vfs.syncCount).toBe(0)
  sync.noteWritten(AHEAD_BYTES / 4)
  expect(vfs.syncCount).toBe(1)
  for (let count = 0; count < 100; count++) sync.noteWritten(AHEAD_BYTES)
  expect(vfs.syncCount).toBe(16)
  sync.sync()
  sync.noteWritten(AHEAD_BYTES)
  expect(vfs.syncCount).toBe(17)
})

test('a failure is told to every sync that comes later', async () => {
  const { vfs, sync } = make()
  sync.noteWritten(AHEAD_BYTES)
  vfs.held[0]!.reject(FAILURE)
  await new Promise(setImmediate)
  for (let count = 0; count < 2; count++) {
    expect(() => sync.sync()).toThrow(FAILURE)
    await expect(sync.syncAsync()).rejects.toBe(FAILURE)
  }
  expect(vfs.syncCount).toBe(1)
})

test('a failure is told to the sync that runs beside it, which was told of a success', async () => {
  const { vfs, sync } = make()
  sync.noteWritten(AHEAD_BYTES)
  sync.noteWritten(AHEAD_BYTES)
  const synced = sync.syncAsync()
  vfs.held[2]!.resolve()
  vfs.held[1]!.resolve()
  await new Promise(setImmediate)
  vfs.held[0]!.reject(FAILURE)
  await expect(synced).rejects.toBe(FAILURE)
})

test('what another one has begun is waited for, and its failure is told here, too', async () => {
  const { vfs, file, sync: made } = make()
  void made.syncAsync().catch(() => undefined)
  made.close()
  const sync = new FileSync(vfs, file, AHEAD_BYTES)
  sync.adopt(made)
  const synced = sync.syncAsync()
  vfs.held[1]!.resolve()
  await new Promise(setImmediate)
  vfs.held[0]!.reject(FAILURE)
  await expect(synced).rejects.toBe(FAILURE)
  expect(() => sync.sync()).toThrow(FAILURE)
  const late = new FileSync(vfs, file, AHEAD_BYTES)
  late.adopt(made)
  expect(() => late.sync()).toThrow(FAILURE)
  sync.close()
  late.close()
  file.close()
  expect(vfs.openCount - vfs.closedCount).toBe(0)
})

test('a sync is one of its own, whatever is on its way', () => {
  const { vfs, sync } = make()
  sync.noteWritten(AHEAD_BYTES)
  void sync.syncAsync()
  expect(vfs.syncCount).toBe(2)
  for (const { resolve } of vfs.held) resolve()
})

test('of two that run beside each other both fail, whichever was told', async () => {
  for (const told of [0, 1]) {
    const { vfs, sync } = make()
    const synced = [sync.syncAsync(), sync.syncAsync()]
    const outcomes = Promise.allSettled(synced)
    vfs.held[1 - told]!.resolve()
    await new Promise(setImmediate)
    vfs.held[told]!.reject(FAILURE)
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  }
})

test('where no handle is left nothing is sent ahead, and nothing has failed', async () => {
  const { vfs, sync } = make()
  vfs.refusal = new LdbError('LDB_IO', 'too many open files')
  sync.noteWritten(AHEAD_BYTES)
  await new Promise(setImmediate)
  expect(() => sync.sync()).not.toThrow()
  expect(vfs.syncCount).toBe(0)
  vfs.refusal = undefined
  sync.noteWritten(AHEAD_BYTES)
  expect(vfs.syncCount).toBe(1)
})

test('a loop that never lets the event loop go on keeps few handles open, however many files it writes', async () => {
  const vfs = new HeldVfs()
  for (let number = 0; number < 1000; number++) {
    const file = vfs.open('/file', 'create')
    const sync = new FileSync(vfs, file, AHEAD_BYTES)
    sync.noteWritten(AHEAD_BYTES)
    sync.sync()
    sync.close()
    file.close()
  }
  expect(vfs.openCount - vfs.closedCount).toBeLessThanOrEqual(64)
  for (const { resolve } of vfs.held) resolve()
  await new Promise(setImmediate)
  expect(vfs.openCount - vfs.closedCount).toBe(0)
})

test('behind a close nothing is sent ahead, and the handle goes with the last one', async () => {
  const { vfs, sync } = make()
  sync.noteWritten(AHEAD_BYTES)
  sync.close()
  sync.noteWritten(AHEAD_BYTES)
  expect([vfs.syncCount, vfs.closedCount]).toEqual([1, 0])
  vfs.held[0]!.resolve()
  await new Promise(setImmediate)
  expect(vfs.closedCount).toBe(1)
})

test('a large file is emptied before its name goes, whoever still has it open', () => {
  const { vfs, file } = make()
  file.truncate(16 * 1024 * 1024)
  new FileRemoval(vfs, '/file').sync()
  expect([vfs.status('/file'), file.length()]).toEqual([undefined, 0])
  const small = vfs.open('/small', 'create')
  small.truncate(1000)
  new FileRemoval(vfs, '/small').sync()
  expect([vfs.status('/small'), small.length()]).toEqual([undefined, 1000])
})

test('a large file that cannot be emptied is removed all the same', () => {
  const { vfs, file } = make()
  file.truncate(16 * 1024 * 1024)
  vfs.refusal = new LdbError('LDB_IO', 'too many open files')
  new FileRemoval(vfs, '/file').sync()
  expect(vfs.status('/file')).toBeUndefined()
})
