/** Greater than every slot number. */
const SLOT_NONE = 65_536

/**
 * The slots of a cursor's copy of a leaf of which a view has escaped: the caller owns the view and may write to it.
 *
 * @remarks Stored as the range from the lowest to the greatest such slot. Within one leaf a cursor moves by single steps, so
 * that it has passed every slot of the range.
 * @internal
 */
export class EscapedViews {
  #low: number = SLOT_NONE
  #high = -1

  /** True when no view has escaped. */
  get none(): boolean {
    return this.#high < 0
  }

  /** Notes that a view of a slot escapes. Returns true when certainly no view of this slot has escaped before. */
  note(slot: number): boolean {
    if (slot >= this.#low && slot <= this.#high) return false
    if (slot < this.#low) this.#low = slot
    if (slot > this.#high) this.#high = slot
    return true
  }

  /** Removes all slots. */
  clear(): void {
    this.#low = SLOT_NONE
    this.#high = -1
  }
}
