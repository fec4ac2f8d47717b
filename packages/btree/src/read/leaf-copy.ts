import { copyPage } from '../page/copies.js'
import type { PageCopies } from '../page/copies.js'
import type { PageMemory } from '../page/memory.js'
import { recordOffset, valueIsIndirect } from '../page/record.js'
import { EscapedViews } from './escaped-views.js'

/** A private copy of a leaf, of which views may escape to the caller of a cursor. @internal */
export class LeafCopy {
  readonly memory: PageMemory
  /** Offset of the copy in its memory. */
  readonly page: number
  readonly escapedKeys: EscapedViews = new EscapedViews()
  readonly escapedValues: EscapedViews = new EscapedViews()
  readonly #copies: PageCopies

  /** Copies the page at `page` of `source`. */
  constructor(copies: PageCopies, source: PageMemory, page: number) {
    this.#copies = copies
    this.page = copies.copy(source, page)
    this.memory = copies.memory
  }

  /** Overwrites the copy with another page. Returns false when it must not, because a view has escaped. */
  refill(source: PageMemory, page: number): boolean {
    if (!this.#isOwn) return false
    copyPage(source, page, this.memory, this.page)
    return true
  }

  /** Releases the memory of the copy, unless a view has escaped. */
  release(): void {
    if (this.#isOwn) this.#copies.release(this.memory, this.page)
  }

  get #isOwn(): boolean {
    return this.escapedKeys.none && this.escapedValues.none
  }
}

/** Reports whether reading the value of a slot, which is in an extent or encoded, may evict its leaf. @internal */
export function mayEvictLeaf(memory: PageMemory, page: number, slot: number): boolean {
  return valueIsIndirect(memory, recordOffset(memory, page, slot))
}
