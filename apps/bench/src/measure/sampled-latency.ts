const SAMPLES_MAX = 20_000

/**
 * Samples latencies of operations. When the buffer is full, every second sample is dropped and the sampling rate
 * halves. The slowest operation is never lost.
 */
export class SampledLatency {
  readonly #samples: number[] = []
  #every = 1
  #skipped = 0
  #worstMs = 0

  /** Records the latency of an operation, in milliseconds. */
  add(elapsedMs: number): void {
    if (elapsedMs > this.#worstMs) this.#worstMs = elapsedMs
    this.#skipped++
    if (this.#skipped < this.#every) return
    this.#skipped = 0
    if (this.#samples.length === SAMPLES_MAX) this.#thin()
    this.#samples.push(elapsedMs * 1000)
  }

  /** The samples, and the latency of the slowest of all operations, in microseconds. */
  get result(): { readonly latenciesUs: readonly number[]; readonly worstUs: number } {
    return { latenciesUs: this.#samples, worstUs: this.#worstMs * 1000 }
  }

  #thin(): void {
    const retained = this.#samples.filter((_, index) => index % 2 === 0)
    this.#samples.length = 0
    this.#samples.push(...retained)
    this.#every *= 2
  }
}
