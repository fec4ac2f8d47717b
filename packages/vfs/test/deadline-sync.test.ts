// Strategy: requests on real files, while this thread waits without yielding to the event loop.
// Invariants: a sync begins in time, covers what was written, and never touches a file that has taken the place of another.
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NodeVfs } from '../src/index.js'
import type { DeadlineSync, VfsFile } from '../src/index.js'

/** The thread has failed when a condition does not hold by then. */
const PATIENCE_MS = 20_000
const HOUR_MS = 3_600_000

/** Waits without yielding until a condition holds. */
function waitFor(isMet: () => boolean): void {
  const word = new Int32Array(new SharedArrayBuffer(4))
  for (let waitedMs = 0; !isMet(); waitedMs++) {
    if (waitedMs > PATIENCE_MS) throw new Error('the condition does not hold')
    Atomics.wait(word, 0, 0, 1)
  }
}

describe('a deadline sync of NodeVfs', () => {
  let root: string
  let file: VfsFile
  let sync: DeadlineSync
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ldb-deadline-'))
    file = create('file')
    sync = syncOf(file)
  })
  afterEach(() => {
    sync.close()
    file.close()
    rmSync(root, { recursive: true })
  })

  function create(name: string): VfsFile {
    const created = new NodeVfs().open(join(root, name), 'create')
    created.write(new Uint8Array(8), 0, 8, 0)
    return created
  }

  function syncOf(synced: VfsFile): DeadlineSync {
    const created = synced.deadlineSync?.()
    if (created === undefined) throw new Error('this platform has no deadline sync')
    return created
  }

  it('begins although the thread does not yield', () => {
    sync.noteWritten(8)
    sync.request(1, 2)
    waitFor(() => sync.syncedEnd === 8)
    waitFor(() => sync.takeSyncCount() === 1)
    expect([sync.isServed, sync.isWaiting, sync.takeSyncCount(), sync.failure]).toEqual([
      true,
      false,
      0,
      undefined,
    ])
  })

  it('begins at once without a delay, also before the deadline of an earlier request', () => {
    sync.request(HOUR_MS, HOUR_MS)
    expect(sync.isWaiting).toBe(true)
    sync.request(HOUR_MS, HOUR_MS)
    expect(sync.takeSyncCount()).toBe(0)
    sync.request(0, 0)
    waitFor(() => sync.takeSyncCount() === 1)
    sync.request(0, 0)
    waitFor(() => sync.takeSyncCount() === 1)
  })

  it('waits no longer after the notice time, and begins at the next request', () => {
    sync.request(1, HOUR_MS)
    waitFor(() => !sync.isWaiting)
    expect(sync.takeSyncCount()).toBe(0)
    sync.request(HOUR_MS, HOUR_MS)
    waitFor(() => sync.takeSyncCount() === 1)
  })

  it('covers what was noted as written before it began', () => {
    sync.request(HOUR_MS, HOUR_MS)
    sync.noteWritten(8)
    sync.noteWritten(2 ** 32 - 1)
    sync.request(0, 0)
    waitFor(() => sync.syncedEnd === 2 ** 32 - 1)
  })

  it('does not begin after it was cancelled or closed', () => {
    const other = create('other')
    const otherSync = syncOf(other)
    const third = syncOf(other)
    sync.request(20, 20)
    sync.cancel()
    otherSync.request(20, 20)
    otherSync.close()
    otherSync.close()
    third.request(60, 60)
    waitFor(() => third.takeSyncCount() === 1)
    expect([sync.takeSyncCount(), otherSync.takeSyncCount(), sync.isWaiting, otherSync.isWaiting]).toEqual([
      0,
      0,
      false,
      false,
    ])
    third.close()
    other.close()
  })

  it('serves many files', () => {
    const files = Array.from({ length: 50 }, (_, index) => create(`file${index}`))
    const syncs = files.map(syncOf)
    for (const [index, each] of syncs.entries()) each.request(index % 5, 5)
    for (const each of syncs) waitFor(() => each.takeSyncCount() === 1)
    for (const each of syncs) each.close()
    for (const each of files) each.close()
  })

  it.each(['is gone', 'is another one'])(
    'is not served when the file at its path %s, until it is back',
    (what) => {
      sync.request(0, 0)
      waitFor(() => sync.takeSyncCount() === 1)
      renameSync(join(root, 'file'), join(root, 'moved'))
      if (what === 'is another one') create('file').close()
      waitFor(() => {
        sync.request(0, 0)
        return !sync.isServed
      })
      expect([sync.takeSyncCount(), sync.failure]).toEqual([0, undefined])
      renameSync(join(root, 'moved'), join(root, 'file'))
      waitFor(() => {
        sync.request(0, 0)
        return sync.isServed
      })
      waitFor(() => sync.takeSyncCount() > 0)
    },
  )
})
