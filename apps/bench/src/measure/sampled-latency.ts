const SAMPLES_MAX = 20_000

/** Keeps what single operations took; when it is full it keeps every second one, then every fourth, and so on. */
export class SampledLatency {
  readonly #samples: number[] = []
  #every = 1
  #skipped = 0

  /** Takes what an operation took, in milliseconds. */
  add(elapsedMs: number): void {
    this.#skipped++
    if (this.#skipped < this.#every) return
    this.#skipped = 0
    if (this.#samples.length === SAMPLES_MAX) this.#thin()
    this.#samples.push(elapsedMs * 1000)
  }

  /** What was kept, in microseconds. */
  get samplesUs(): readonly number[] {
    return this.#samples
  }

  #thin(): void {
    const kept = this.#samples.filter((_, place) => place % 2 === 0)
    this.#samples.length = 0
    this.#samples.push(...kept)
    this.#every *= 2
  }
}
