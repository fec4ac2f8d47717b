import type { MemoryVfs } from '@ldb/vfs'
import { expect } from 'vitest'
import { AsyncDatabase } from '../src/async-database.js'
import { Database } from '../src/database.js'
import { STANDARD_TUNING } from '../src/open/tuning.js'
import type { DatabaseTuning } from '../src/open/tuning.js'
import { openDatabase } from '../src/open/open-database.js'
import type { FaultyVfs } from './faulty-vfs.js'

/** Small pages, so that little data has many. */
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

/** A database whose log has a segment that is written to: the first commit of an opening waits for one. */
export async function begun(vfs: FaultyVfs): Promise<AsyncDatabase> {
  const db = open(vfs)
  await db.put('begun', '')
  return db
}

export function rejection(code: string): unknown {
  return expect.objectContaining({ name: 'LdbError', code })
}

/** Holds syncs back until `release` is called. */
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

export async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve()
}

/** A database of many more pages than its cache has, none of them in it. */
export async function filled(vfs: FaultyVfs, count: number): Promise<AsyncDatabase> {
  const db = open(vfs)
  const batch = db.batch()
  for (let index = 0; index < count; index++)
    batch.put(`key${String(index).padStart(6, '0')}`, `value ${index}`)
  await batch.commit()
  await db.close()
  return open(vfs)
}

/** Counts reads of tree files, on the thread and off it. */
export function watchReads(vfs: FaultyVfs): { sync: number; async: number } {
  const counts = { sync: 0, async: 0 }
  vfs.fault = (call, path) => {
    if (path.endsWith('tree.ldb') && call === 'read') counts.sync++
    if (path.endsWith('tree.ldb') && call === 'readAsync') counts.async++
    return undefined
  }
  return counts
}
