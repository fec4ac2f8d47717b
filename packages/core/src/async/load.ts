import { assertIterable, isAsyncIterable, isPromiseLike } from '@ldb/base'
import type { AsyncApi } from '../calls/async-api.js'
import type { PendingCall } from '../calls/pending-call.js'
import { throwIfAborted, untilAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import { KeyspaceLoad } from '../load/keyspace-load.js'
import type { LoadParts } from '../load/keyspace-load.js'
import { untilClosed } from '../streams/chunk-source.js'

/** Entries between two checks of the time slice. */
const SLICE_ENTRIES = 32

/** Sorted entries of a load. @category Async */
export type LoadEntries<K, V> = Iterable<readonly [K, V]> | AsyncIterable<readonly [K, V]>

/** Loads entries; documented where it is exported, as `AsyncKeyspaceWrites.load`. */
export async function loadEntriesAsync<K, V>(
  api: AsyncApi,
  call: PendingCall,
  parts: LoadParts<K, V>,
  entries: LoadEntries<K, V>,
  ttlMs: number | undefined,
  signal: AbortSignalLike | undefined,
): Promise<number> {
  const { gate } = api
  const check = (): void => {
    throwIfAborted(signal)
  }
  const iterator = iteratorOf(entries)
  const timeSlice = { sync: () => undefined, syncAsync: () => gate.yieldThread() }
  let load: KeyspaceLoad<K, V> | undefined
  let isAtEnd = false
  try {
    load = new KeyspaceLoad(parts, ttlMs)
    for (;;) {
      const next = iterator.next()
      const result = isPromiseLike(next) ? await call.outside(untilClosed(api.health, next), signal) : next
      check()
      if (result.done === true) break
      load.add(result.value)
      if (load.isPersistDue) await untilAborted(load.persist().syncAsync(), signal)
      if (load.count % SLICE_ENTRIES === 0 && gate.isSliceOver) await gate.yieldThread()
      check()
    }
    isAtEnd = true
    load.assertWritable()
    if (load.count > 0) await untilAborted(load.complete(timeSlice).syncAsync(), signal)
    check()
    return load.commit()
  } catch (error) {
    load?.abort()
    if (!isAtEnd) endIterator(iterator)
    throw error
  }
}

function iteratorOf<T>(entries: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  if (isAsyncIterable(entries)) return entries[Symbol.asyncIterator]()
  assertIterable('the entries of a load', entries)
  return entries[Symbol.iterator]()
}

/** Ends the iterator of the caller. The load has an error to report already. */
function endIterator(iterator: Iterator<unknown> | AsyncIterator<unknown>): void {
  try {
    Promise.resolve(iterator.return?.()).catch(() => undefined)
  } catch {
    // As in a `for` loop that is left by an error.
  }
}
