/** Returns the number of interleavings of lists of the given lengths. Each list keeps its own order. */
export function interleavingCount(lengths: readonly number[]): number {
  let count = 1
  let total = 0
  for (const length of lengths) {
    for (let step = 1; step <= length; step++) count = (count * ++total) / step
  }
  return Math.round(count)
}

/** Yields every interleaving as the index of the list that takes each step. */
export function* interleavings(lengths: readonly number[]): Generator<readonly number[]> {
  const left = [...lengths]
  const order: number[] = []
  const total = lengths.reduce((sum, length) => sum + length, 0)
  function* extend(): Generator<readonly number[]> {
    if (order.length === total) {
      yield order
      return
    }
    for (let list = 0; list < left.length; list++) {
      if (left[list] === 0) continue
      left[list]!--
      order.push(list)
      yield* extend()
      order.pop()
      left[list]!++
    }
  }
  yield* extend()
}
