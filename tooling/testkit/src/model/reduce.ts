/** How far a list was reduced, and what it took. */
export interface Reduction<T> {
  readonly items: readonly T[]
  /** Times that it was tried. */
  readonly tryCount: number
}

/**
 * Drops chunks of a list, half of it first and single items last, as long as what is left still fails.
 *
 * @param fails - tells whether a list still fails.
 * @param triesMax - times that it is tried at most.
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

/** As `reduceList`, where it takes a promise to tell. */
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

/** Returns list after list to try, and is told whether it fails. */
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
