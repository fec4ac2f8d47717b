import { keyOf } from './entries.js'
import type { Entry, TrustOptions, TrustSubject } from './subject.js'

/** What a reader of a store saw. */
export type Outcome =
  /** All data, unchanged. */
  | 'unchanged'
  /** An error, before any wrong data was returned. */
  | 'error'
  /** Wrong, missing or additional data, and no error. */
  | 'silent'
  /** The process died. */
  | 'crash'
  /** The process did not end. */
  | 'hang'

const GETS = 200

/**
 * Opens a store, reads all of it by a scan and by gets, writes once and closes it.
 *
 * @param expected - the entries that it must contain, in key order.
 */
export async function readAgainst(
  subject: TrustSubject,
  options: TrustOptions,
  expected: readonly Entry[],
): Promise<Outcome> {
  const values = new Map(expected)
  try {
    const store = await subject.open(options)
    try {
      for (let index = 0; index < GETS; index++) {
        const key = keyOf(Math.floor((index * expected.length) / GETS))
        if ((await store.get(key)) !== values.get(key)) return 'silent'
      }
      if (!isSame(await store.entries(), expected)) return 'silent'
      await store.write([['written', 'after']])
    } finally {
      await store.close()
    }
    return 'unchanged'
  } catch {
    return 'error'
  }
}

/** Reports whether two lists have the same entries. */
export function isSame(left: readonly Entry[], right: readonly Entry[]): boolean {
  return (
    left.length === right.length &&
    left.every(([key, value], index) => key === right[index]?.[0] && value === right[index][1])
  )
}
