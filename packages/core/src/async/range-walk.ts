import { copyBytes, keySuccessor } from '@ldb/base'
import type { KeyBounds, ResolvedRange } from '@ldb/base'
import type { AsyncApi } from '../calls/async-api.js'
import { throwIfAborted, untilAborted } from '../health/abort-signal.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { ReadPin, ReadSource } from '../read/read-source.js'
import { MISSES_MAX, READ_MISS } from '../resident/read-gate.js'
import { RetryableCursor } from '../resident/retryable-cursor.js'

/** Entries between two checks of the signal and of the time slice. */
const SLICE_ENTRIES = 1024

/**
 * Visits the entries of a range in time slices, and loads missing pages off the thread.
 *
 * @remarks Reads a file synchronously only for an entry that {@link MISSES_MAX} misses in a row did not reach, because
 * the cache evicts its pages faster than they load. The fallback reads that entry alone, so that the walk makes
 * progress.
 * @param visit - called for each entry, and called again for the same entry after it misses a page: it must have no
 * side effect before its last read. Returns false to end the walk.
 */
export async function walkRange(
  api: AsyncApi,
  pin: ReadPin,
  bounds: KeyBounds,
  signal: AbortSignalLike | undefined,
  visit: (cursor: RetryableCursor) => boolean,
  reverse: boolean,
): Promise<void> {
  const { gate } = api
  const cursor = new RetryableCursor(pin.openCursor(bounds))
  let isStarted = false
  /** The cursor is on an entry that was not visited, because a page of that entry was missing. */
  let moved = false
  let budget = 0
  const step = (): boolean => {
    for (; budget > 0; budget--) {
      if (!moved) {
        const found = isStarted
          ? reverse
            ? cursor.previous()
            : cursor.next()
          : reverse
            ? cursor.last()
            : cursor.first()
        isStarted = true
        if (!found) return false
        moved = true
      }
      const goesOn = visit(cursor)
      moved = false
      if (!goesOn) return false
    }
    return true
  }
  try {
    for (let missCount = 0; ;) {
      throwIfAborted(signal)
      pin.assertPinned()
      const mayBlock = missCount >= MISSES_MAX
      const granted = mayBlock ? 1 : SLICE_ENTRIES
      budget = granted
      const more = mayBlock ? step() : gate.attempt(step)
      if (more === false) return
      missCount = more === READ_MISS && budget === granted ? missCount + 1 : 0
      if (more === READ_MISS) await untilAborted(gate.fetchMissed(), signal)
      if (gate.isSliceOver) await gate.yieldThread()
    }
  } finally {
    pin.closeCursor(cursor.cursor)
  }
}

/** Returns the bounds that contain exactly the entries that a scan of the range returns; `undefined` for no entries. */
export async function scannedBoundsAsync(
  api: AsyncApi,
  source: ReadSource,
  range: ResolvedRange,
  signal: AbortSignalLike | undefined,
): Promise<KeyBounds | undefined> {
  const { reverse, offset, limit } = range
  const pin = source.acquire()
  let begin: Uint8Array | undefined
  let end: Uint8Array | undefined
  let index = 0
  try {
    const visit = ({ cursor }: { readonly cursor: { readonly key: Uint8Array } }): boolean => {
      if (index === offset) begin = copyBytes(cursor.key)
      if (index - offset === limit - 1) end = copyBytes(cursor.key)
      index++
      return end === undefined
    }
    await walkRange(api, pin, range, signal, visit, reverse)
  } finally {
    source.releasePin(pin)
  }
  if (begin === undefined) return undefined
  return reverse
    ? { lower: end ?? range.lower, upper: keySuccessor(begin) }
    : { lower: begin, upper: end === undefined ? range.upper : keySuccessor(end) }
}
