import type { MemoryVfs } from '@ldb/vfs'
import { expect } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import { Database } from '../src/database.js'
import { STANDARD_TUNING } from '../src/open/tuning.js'
import type { DatabaseTuning } from '../src/open/tuning.js'
import { openDatabase } from '../src/open/opening.js'
import type { FaultyVfs } from './faulty-vfs.js'

/** Small pages, so that little data fills many of them. */
export const TUNING: DatabaseTuning = {
  ...STANDARD_TUNING,
  pageBytes: 512,
  checkpointLogBytes: 1 << 20,
  replayBytes: 1 << 20,
  segmentBytes: 1 << 20,
  preallocateBytes: 0,
}

export function open(vfs: FaultyVfs | MemoryVfs, cacheBytes = 65_536): AsyncDatabase {
  return new Database(openDatabase('data', { vfs, cacheBytes }, TUNING)).makePromises(AsyncDatabase)
}

/** Returns a database whose log has an open segment. The first commit after an open waits for a new segment. */
export async function openWithSegment(vfs: FaultyVfs): Promise<AsyncDatabase> {
  const db = open(vfs)
  await db.put('begun', '')
  return db
}

export function rejection(code: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code })
}

/** Delays syncs until the returned function is called. */
export function holdSyncs(vfs: FaultyVfs): () => void {
  let release = (): void => undefined
  vfs.syncGate = new Promise((resolve) => {
    release = (): void => {
      resolve()
    }
  })
  return () => {
    vfs.syncGate = Promise.resolve()
    release()
  }
}

export async function flushMicrotasks(): Promise<void> {
  for (let round = 0; round < 50; round++) await Promise.resolve()
}

/** Returns a database of many more pages than its cache holds, with an empty cache. */
export async function filled(vfs: FaultyVfs, count: number): Promise<AsyncDatabase> {
  const db = open(vfs)
  const batch = db.batch()
  for (let index = 0; index < count; index++)
    batch.put(`key${String(index).padStart(6, '0')}`, `value ${index}`)
  await batch.commit()
  await db.close()
  return open(vfs)
}

/** Counts the reads of tree files, synchronous and asynchronous. */
export function watchReads(vfs: FaultyVfs): { sync: number; async: number } {
  const counts = { sync: 0, async: 0 }
  vfs.fault = (call, path) => {
    if (path.endsWith('tree.ldb') && call === 'read') counts.sync++
    if (path.endsWith('tree.ldb') && call === 'readAsync') counts.async++
    return undefined
  }
  return counts
}
