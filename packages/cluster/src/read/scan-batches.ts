/** Results of a scan or of a helper of one, in batches. */
export interface BatchSource<T> {
  /** Returns the next results, at least one; `undefined` at the end. */
  pull(): Promise<readonly T[] | undefined>
  /** @throws {@link LdbError} when buffered results must not be returned. */
  check(): void
  close(): void
}

/** Maps the results of a source, one after the other. `transform` may be asynchronous, and returns the results that stand for one. */
export function expandBatches<T, U>(
  source: BatchSource<T>,
  expand: (value: T, index: number, results: U[]) => unknown,
): BatchSource<U> {
  let index = 0
  return {
    check: () => {
      source.check()
    },
    close: () => {
      source.close()
    },
    async pull() {
      for (;;) {
        const batch = await source.pull()
        if (batch === undefined) return undefined
        const results: U[] = []
        for (const value of batch) await expand(value, index++, results)
        if (results.length > 0) return results
      }
    },
  }
}

/** Returns a source of the first `count` results, which closes the other with the last of them. */
export function takeBatches<T>(source: BatchSource<T>, count: number): BatchSource<T> {
  let left = count
  return {
    check: () => {
      source.check()
    },
    close: () => {
      source.close()
    },
    async pull() {
      const batch = left === 0 ? undefined : await source.pull()
      const results = batch?.slice(0, left)
      left -= results?.length ?? left
      if (left === 0) source.close()
      return results
    },
  }
}
