/**
 * The ghost queue of S3-FIFO: fingerprints of recently evicted pages, without their content. A direct-mapped hash table, so
 * a fingerprint may overwrite another one.
 *
 * @internal
 */
export class GhostQueue {
  readonly #fingerprints: Int32Array
  readonly #times: Int32Array
  readonly #mask: number
  readonly #countMax: number
  /** Number of evictions so far, modulo 2^32. */
  #time = 0

  /** @param countMax - number of later evictions after which an entry expires. */
  constructor(countMax: number) {
    const slots = 2 ** Math.ceil(Math.log2(countMax * 2))
    this.#fingerprints = new Int32Array(slots)
    this.#times = new Int32Array(slots)
    this.#mask = slots - 1
    this.#countMax = countMax
  }

  /** Records the eviction of a page. */
  add(fingerprint: number): void {
    const slot = fingerprint & this.#mask
    this.#time = (this.#time + 1) | 0
    this.#fingerprints[slot] = fingerprint
    this.#times[slot] = this.#time
  }

  /** Reports whether a page was evicted recently, and removes its entry. */
  take(fingerprint: number): boolean {
    if (!this.has(fingerprint)) return false
    this.#fingerprints[fingerprint & this.#mask] = 0
    return true
  }

  /** Reports whether a page was evicted recently. */
  has(fingerprint: number): boolean {
    const slot = fingerprint & this.#mask
    if (this.#fingerprints[slot] !== fingerprint || fingerprint === 0) return false
    const age = (this.#time - (this.#times[slot] as number)) | 0
    return age >= 0 && age < this.#countMax
  }
}
