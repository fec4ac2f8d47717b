import { compareBytes, LdbError, ownBounds } from '@ldb/base'
import type { KeyBounds } from '@ldb/base'
import { slotCount } from '../page/page.js'
import { copyKey } from '../page/record.js'
import { searchBranch } from '../page/search.js'
import { canTakeFromRight, PACKED_FILL, takeFromRight } from '../write/pack-siblings.js'
import type { TreeState } from '../write/tree-state.js'

/** A page that is filled to this share or more stays as it is, so that a packed tree is not packed again for a few deletions. */
const DENSE_FILL = 0.9

/** What a page can take from its right sibling. */
interface Examination {
  readonly takes: boolean
  /** The parent has a child at the right of the page. */
  readonly hasSibling: boolean
  /** Lower fence of the next page of the level; `undefined` at the right edge of the tree. */
  readonly next: Uint8Array | undefined
}

/**
 * Packs the pages of a tree in key order: each takes records from its right sibling until it is full. A branch whose children are packed
 * takes children from its right sibling, which are packed next.
 *
 * @remarks Its position is a key, and each step descends anew: the tree may change between two steps. Each step leaves a valid tree with
 * the same entries. The last leaf below a branch keeps what is left over. A page that is damaged is skipped: reads of it
 * report the damage.
 * @internal
 */
export class TreePacking {
  readonly #state: TreeState
  readonly #upper: Uint8Array | undefined
  #key: Uint8Array
  /** Level of the found page. */
  #level = 0
  /** The page at the position has taken records already. */
  #isFilling = false
  #isDone = false

  /** @param bounds - keys whose leaves are packed. */
  constructor(state: TreeState, bounds: KeyBounds) {
    this.#state = state
    const { lower, upper } = ownBounds(bounds)
    this.#key = lower ?? new Uint8Array(0)
    this.#upper = upper
  }

  /** True when all pages are packed. */
  get isDone(): boolean {
    return this.#isDone
  }

  /**
   * Advances to the next page that can take records. Changes nothing.
   *
   * @returns the number of examined pages; negative when the page was not found within `budget`, or there is none.
   */
  find(budget: number): number {
    for (let count = 1; count <= budget; count += 1) {
      const { takes, hasSibling, next } = this.#examine(0)
      if (takes || (!hasSibling && this.#findAbove())) return count
      this.#isFilling = false
      if (next === undefined || (this.#upper !== undefined && compareBytes(next, this.#upper) >= 0)) {
        this.#isDone = true
        return -count
      }
      this.#key = next
    }
    return -budget
  }

  /** Moves records to the page that {@link TreePacking.find} has found. */
  pack(): void {
    const state = this.#state
    try {
      state.descend(this.#key, 0, this.#key.length)
      takeFromRight(state, state.root.level - this.#level)
    } finally {
      state.pages.pins.unpinAll()
    }
    this.#isFilling = true
  }

  /** Finds a branch above the position that can take children, so that the leaf at the position gets a right sibling. */
  #findAbove(): boolean {
    for (let level = 1; level < this.#state.root.level; level += 1) {
      const { takes, hasSibling } = this.#examine(level)
      if (takes) return true
      if (hasSibling) return false
    }
    return false
  }

  /** Examines the page of a level at the position. */
  #examine(level: number): Examination {
    const { pages, arenas, root } = this.#state
    let next: Uint8Array | undefined
    if (level >= root.level) return { takes: false, hasSibling: false, next }
    const key = this.#key
    let page = pages.reader.root(root)
    let memory = arenas.of(page)
    let slot = searchBranch(memory, page, key, 0, key.length)
    let hasSibling = slot + 1 < slotCount(memory, page)
    if (hasSibling) next = copyKey(memory, page, slot + 1)
    for (let above = root.level - 1; above > level; above -= 1) {
      page = pages.reader.child(page, slot, above)
      memory = arenas.of(page)
      slot = searchBranch(memory, page, key, 0, key.length)
      hasSibling = slot + 1 < slotCount(memory, page)
      if (hasSibling) next = copyKey(memory, page, slot + 1)
    }
    this.#level = level
    return { takes: hasSibling && this.#canTake(page, slot, level), hasSibling, next }
  }

  #canTake(parent: number, slot: number, level: number): boolean {
    const fill = this.#isFilling ? PACKED_FILL : DENSE_FILL
    try {
      return canTakeFromRight(this.#state, parent, slot, level, fill)
    } catch (error) {
      if (error instanceof LdbError && error.code === 'LDB_CORRUPTION') return false
      throw error
    }
  }
}
