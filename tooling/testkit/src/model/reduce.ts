/** The result of reducing a failing list. */
export interface Reduction<T> {
  readonly items: readonly T[]
  /** Number of shorter lists that were tried. */
  readonly tryCount: number
}

/**
 * Removes chunks of a list, from half of it down to single items, while the rest still fails (delta debugging).
 *
 * @param fails - reports whether a list still fails.
 * @param triesMax - greatest number of lists to try.
 */
export function reduceList<T>(
  items: readonly T[],
  fails: (items: readonly T[]) => boolean,
  triesMax: number,
): Reduction<T> {
  const tries = reductions(items, triesMax)
  let next = tries.next()
  while (next.done !== true) next = tries.next(fails(next.value))
  return next.value
}

/** Does the same as `reduceList` with an async predicate. */
export async function reduceListAsync<T>(
  items: readonly T[],
  fails: (items: readonly T[]) => Promise<boolean>,
  triesMax: number,
): Promise<Reduction<T>> {
  const tries = reductions(items, triesMax)
  let next = tries.next()
  while (next.done !== true) next = tries.next(await fails(next.value))
  return next.value
}

/** Yields lists to try. The value passed to `next` reports whether the last one failed. */
function* reductions<T>(
  items: readonly T[],
  triesMax: number,
): Generator<readonly T[], Reduction<T>, boolean> {
  let kept = items
  let tryCount = 0
  let chunk = Math.max(1, Math.floor(kept.length / 2))
  for (;;) {
    const before = kept.length
    for (let start = 0; start < kept.length && tryCount < triesMax;) {
      const shorter = [...kept.slice(0, start), ...kept.slice(start + chunk)]
      tryCount++
      if (yield shorter) kept = shorter
      else start += chunk
    }
    if (tryCount >= triesMax) break
    if (chunk === 1 && kept.length === before) break
    chunk = Math.max(1, Math.floor(chunk / 2))
  }
  return { items: kept, tryCount }
}
