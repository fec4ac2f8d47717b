/**
 * Remembers the names of pages that were thrown out lately, as many as the cache has frames or fewer: a table by hash, in which
 * one may push out another.
 *
 * @internal
 */
export class GhostQueue {
  readonly #names: Int32Array
  readonly #times: Int32Array
  readonly #mask: number
  readonly #countMax: number
  /** Departures so far, modulo 2^32. */
  #time = 0

  /** @param countMax - departures after which a page is forgotten. */
  constructor(countMax: number) {
    const places = 2 ** Math.ceil(Math.log2(countMax * 2))
    this.#names = new Int32Array(places)
    this.#times = new Int32Array(places)
    this.#mask = places - 1
    this.#countMax = countMax
  }

  /** Notes that a page has gone. */
  add(name: number): void {
    const place = name & this.#mask
    this.#time = (this.#time + 1) | 0
    this.#names[place] = name
    this.#times[place] = this.#time
  }

  /** Reports whether a page went lately, and forgets it. */
  take(name: number): boolean {
    if (!this.has(name)) return false
    this.#names[name & this.#mask] = 0
    return true
  }

  /** Reports whether a page went lately. */
  has(name: number): boolean {
    const place = name & this.#mask
    if (this.#names[place] !== name || name === 0) return false
    const age = (this.#time - (this.#times[place] as number)) | 0
    return age >= 0 && age < this.#countMax
  }
}
