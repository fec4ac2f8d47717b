import { setImmediate } from 'node:timers/promises'
import type { AsyncDatabase, Keyspace } from '@ldb/core'
import { throwIfInterrupted } from '../terminal/interruption.js'
import type { ResumePoint } from './resume-point.js'

/** An entry in the bytes of its keyspace. */
export type EntryBytes = readonly [key: Uint8Array, value: Uint8Array]

/** Where the entries of an import come from: some at a time, in the same order at every run. */
export type EntrySource = AsyncIterable<readonly EntryBytes[]> | Iterable<readonly EntryBytes[]>

/** What accompanies an import. */
export interface ImportContext {
  readonly database: AsyncDatabase
  readonly signal: AbortSignal
  readonly point: ResumePoint | undefined
  /** Called with the number of entries that were read. */
  readonly onProgress: (entryCount: number) => void
}

/** Entries, and bytes of entries, of one commit. */
const BATCH_ENTRIES = 2000
const BATCH_BYTES = 4 * 1_048_576

/** Writes entries to a keyspace, without those that the resume point says were written, and returns the number of those that it has written. */
export async function copyEntries(
  source: EntrySource,
  target: Keyspace<Uint8Array, Uint8Array>,
  { database, signal, point, onProgress }: ImportContext,
): Promise<number> {
  const skipCount = point?.skipCount ?? 0
  let count = 0
  let batch = database.sync.batch().in(target)
  const commit = async (): Promise<void> => {
    // Signals and the bar have their turn.
    await setImmediate()
    throwIfInterrupted(signal)
    point?.addTo(batch as never, count)
    batch.commit({ durability: 'none' })
    batch = database.sync.batch().in(target)
    onProgress(count)
  }
  for await (const entries of source) {
    for (const [key, value] of entries) {
      if (++count <= skipCount) continue
      batch.put(key, value)
      if (batch.operationCount >= BATCH_ENTRIES || batch.byteLength >= BATCH_BYTES) await commit()
    }
  }
  await commit()
  await database.synced()
  return Math.max(0, count - skipCount)
}
