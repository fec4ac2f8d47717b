import { copyBytes, keySuccessor } from '@ldb/base'
import type { KeyBounds, ResolvedRange } from '@ldb/base'
import { walkRange } from './entry-source.js'
import type { AsyncApi } from './api.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { ReadSource } from '../read/read-source.js'

/** Returns the bounds of just those entries that a scan of the range would give; `undefined` when there are none. */
export async function walkedBounds(
  face: AsyncApi,
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
    await walkRange(face, pin, range, signal, visit, reverse)
  } finally {
    source.giveBack(pin)
  }
  if (begin === undefined) return undefined
  return reverse
    ? { lower: end ?? range.lower, upper: keySuccessor(begin) }
    : { lower: begin, upper: end === undefined ? range.upper : keySuccessor(end) }
}
