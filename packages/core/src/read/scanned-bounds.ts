import { copyBytes, keySuccessor } from '@ldb/base'
import type { KeyBounds, ResolvedRange } from '@ldb/base'
import type { ReadSource } from './read-source.js'

/** Returns the bounds that contain exactly the entries that a scan of the range returns; `undefined` for no entries. */
export function scannedBounds(source: ReadSource, range: ResolvedRange): KeyBounds | undefined {
  if (range.empty) return undefined
  if (range.limit === Infinity && range.offset === 0) return range
  const pin = source.acquire()
  const cursor = pin.openCursor(range)
  try {
    const { reverse, offset, limit } = range
    let found = reverse ? cursor.last() : cursor.first()
    for (let left = offset; found && left > 0; left--) found = reverse ? cursor.previous() : cursor.next()
    if (!found) return undefined
    const begin = copyBytes(cursor.key)
    for (let left = limit - 1; found && left > 0; left--) found = reverse ? cursor.previous() : cursor.next()
    const end = found ? copyBytes(cursor.key) : undefined
    return reverse
      ? { lower: end ?? range.lower, upper: keySuccessor(begin) }
      : { lower: begin, upper: end === undefined ? range.upper : keySuccessor(end) }
  } finally {
    pin.closeCursor(cursor)
    source.releasePin(pin)
  }
}
