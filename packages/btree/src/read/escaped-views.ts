/** Above every slot number. */
const SLOTS_NONE = 65_536

/**
 * Which slots of a leaf something was handed out of for good: the span from the lowest to the greatest of them. Within
 * one leaf a cursor moves by single steps, so that what lies between was passed too.
 *
 * @internal
 */
export class EscapedViews {
  #low: number = SLOTS_NONE
  #high = -1

  /** True when nothing was taken. */
  get none(): boolean {
    return this.#high < 0
  }

  /** Notes that something is taken of a slot, and tells whether it is for sure the first time. */
  take(slot: number): boolean {
    if (slot >= this.#low && slot <= this.#high) return false
    if (slot < this.#low) this.#low = slot
    if (slot > this.#high) this.#high = slot
    return true
  }

  /** Forgets all. */
  clear(): void {
    this.#low = SLOTS_NONE
    this.#high = -1
  }
}
