/**
 * The open pins of states that may contain blob references, in the order of their opening: a pinned state may name values that the present
 * one does not.
 */
export class OpenPins {
  /** Number of each open pin, oldest first. */
  readonly #open: Map<object, number> = new Map()
  #count = 0

  /** Number of pins since the database was opened. */
  get count(): number {
    return this.#count
  }

  add(pin: object): void {
    this.#open.set(pin, ++this.#count)
  }

  delete(pin: object): void {
    this.#open.delete(pin)
  }

  /** Reports whether one of the first `count` pins is open. */
  hasAnyOf(count: number): boolean {
    const oldest = this.#open.values().next()
    return oldest.done !== true && oldest.value <= count
  }
}
