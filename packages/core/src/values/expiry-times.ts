/** Shortest interval that is counted apart, in milliseconds. */
const INTERVAL_MS_MIN = 16
/** Intervals of a lifetime, at least: an entry is counted as expired when a sixteenth of its life has passed after it, or sooner. */
const INTERVALS_PER_LIFE = 32

/**
 * Estimates how many entries of a keyspace have expired, without a list of them: counts the times at which entries expire in intervals whose
 * length is 1/32 to 1/16 of the remaining life.
 *
 * @remarks Memory and time of a note are constant: the number of intervals grows with the logarithm of the longest life. An
 * entry that is overwritten or deleted before it expires stays counted until the next census, which counts what a walk has found.
 */
export class ExpiryTimes {
  /** Number of entries by the end of the interval in which they expire. */
  readonly #counts: Map<number, number> = new Map()
  /** End of the earliest interval; `Infinity` without one. */
  #earliest = Infinity
  /** End of the interval of the last note, and notes that `#counts` does not contain yet. */
  #lastEnd = -1
  #lastCount = 0
  /** Estimated number of entries that have expired since the last census. */
  #expiredCount = 0
  /** Notes since the last census began. */
  #noteCount = 0
  #onEarlier: () => void = () => undefined

  /** Sets what is called when the earliest interval becomes earlier. */
  onEarlier(listener: () => void): void {
    this.#onEarlier = listener
  }

  /** Estimated number of expired entries, as of the last call of `advance`. */
  get expiredCount(): number {
    return this.#expiredCount
  }

  /** Notes since the last census began. */
  get noteCount(): number {
    return this.#noteCount
  }

  /** End of the earliest interval in which entries expire; `Infinity` when none is known to expire. */
  get earliest(): number {
    return this.#earliest
  }

  /**
   * Counts an entry.
   *
   * @param lifeMs - time until then.
   */
  note(expiresAt: number, lifeMs: number): void {
    this.#noteCount++
    const length = intervalMs(lifeMs)
    const end = Math.ceil(expiresAt / length) * length
    if (end !== this.#lastEnd) {
      this.#flush()
      this.#lastEnd = end
    }
    this.#lastCount++
    if (end < this.#earliest) {
      this.#earliest = end
      this.#onEarlier()
    }
  }

  /** Counts the entries whose intervals have ended as expired. Costs nothing before the earliest end. */
  advance(nowMs: number): void {
    if (nowMs < this.#earliest) return
    this.#flush()
    this.#earliest = Infinity
    for (const [end, count] of this.#counts) {
      if (end <= nowMs) {
        this.#expiredCount += count
        this.#counts.delete(end)
      } else if (end < this.#earliest) this.#earliest = end
    }
  }

  /**
   * Begins a census: a walk over all entries, which removes those that have expired when it reaches them and notes the others. Forgets all
   * earlier notes.
   */
  beginCensus(): void {
    this.#counts.clear()
    this.#lastCount = 0
    this.#lastEnd = -1
    this.#earliest = Infinity
    this.#expiredCount = 0
    this.#noteCount = 0
  }

  #flush(): void {
    if (this.#lastCount === 0) return
    this.#counts.set(this.#lastEnd, (this.#counts.get(this.#lastEnd) ?? 0) + this.#lastCount)
    this.#lastCount = 0
    this.#lastEnd = -1
  }
}

/** Returns the length of an interval: a power of two, so that the ends of longer intervals are those of shorter ones. */
function intervalMs(lifeMs: number): number {
  let length = INTERVAL_MS_MIN
  while (length * INTERVALS_PER_LIFE < lifeMs) length *= 2
  return length
}
