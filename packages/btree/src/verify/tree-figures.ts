import type { VerifyAmount, VerifyTreeShape, VerifyUnitKind } from '@ldb/base'
import {
  EXTENT_REFERENCE_CONTENT_BYTES_OFFSET,
  PAGE_HEADER_BYTES,
  SLOT_BYTES,
  VALUE_FIELD_BYTES,
} from '../format.js'
import type { PageMemory } from '../page/memory.js'
import { heapStart, pageLevel, slotCount } from '../page/page.js'
import {
  keyPartBytes,
  recordBytes,
  recordOffset,
  slotKeyBytes,
  valueIsExtent,
  valuePartBytes,
} from '../page/record.js'

/** What a verification counts in the pages of a tree, by kind and by use. @internal */
export class TreeFigures {
  /** Bytes behind the last page. */
  unusedBytes = 0
  readonly pageBytes: number
  /** Pages by kind since the last {@link TreeFigures.takeAmounts}. */
  #pages: Map<VerifyUnitKind, { count: number; pageCount: number }> = new Map()
  #leafCount = 0
  #freeCount = 0
  #pageCount = 0
  #keyBytes = 0
  #valueBytes = 0
  #leafLiveBytes = 0
  #leafDeadBytes = 0
  #branchLiveBytes = 0
  #branchDeadBytes = 0

  constructor(pageBytes: number) {
    this.pageBytes = pageBytes
  }

  /** Adds units of one kind: pages, or extents of several pages. */
  add(kind: VerifyUnitKind, count: number, pageCount: number = count): void {
    if (pageCount === 0) return
    const amount = this.#pages.get(kind) ?? { count: 0, pageCount: 0 }
    amount.count += count
    amount.pageCount += pageCount
    this.#pages.set(kind, amount)
    this.#pageCount += pageCount
    if (kind === 'free' || kind === 'pending' || kind === 'unreached') this.#freeCount += pageCount
  }

  /** Adds a branch or a leaf whose structure was checked. */
  addPage(memory: PageMemory): void {
    const isLeaf = pageLevel(memory, 0) === 0
    const count = slotCount(memory, 0)
    let records = 0
    for (let slot = 0; slot < count; slot += 1) {
      records += recordBytes(memory, 0, slot)
      if (isLeaf) this.#addEntry(memory, slot)
    }
    const live = count * SLOT_BYTES + records
    const dead = memory.pageBytes - heapStart(memory, 0) - records
    this.add(isLeaf ? 'leaf' : 'branch', 1)
    if (isLeaf) {
      this.#leafCount += 1
      this.#leafLiveBytes += live
      this.#leafDeadBytes += dead
    } else {
      this.#branchLiveBytes += live
      this.#branchDeadBytes += dead
    }
  }

  /** Returns the amounts since the last call. */
  takeAmounts(): VerifyAmount[] {
    const amounts: VerifyAmount[] = [...this.#pages].map(([kind, { count, pageCount }]) => ({
      kind,
      count,
      bytes: pageCount * this.pageBytes,
    }))
    this.#pages = new Map()
    const bytes = this.unusedBytes
    this.unusedBytes = 0
    return bytes === 0 ? amounts : [...amounts, { kind: 'unused', count: 1, bytes }]
  }

  /** @param depth - levels of the tree. */
  shape(depth: number): VerifyTreeShape {
    const leafBytes = this.#leafCount * (this.pageBytes - PAGE_HEADER_BYTES)
    return {
      kind: 'tree',
      pageBytes: this.pageBytes,
      depth,
      keyBytes: this.#keyBytes,
      valueBytes: this.#valueBytes,
      leafLiveBytes: this.#leafLiveBytes,
      leafDeadBytes: this.#leafDeadBytes,
      branchLiveBytes: this.#branchLiveBytes,
      branchDeadBytes: this.#branchDeadBytes,
      leafFill: leafBytes === 0 ? 0 : this.#leafLiveBytes / leafBytes,
      freeShare: this.#pageCount === 0 ? 0 : this.#freeCount / this.#pageCount,
    }
  }

  #addEntry(memory: PageMemory, slot: number): void {
    const record = recordOffset(memory, 0, slot)
    const keyBytes = slotKeyBytes(memory, 0, slot)
    this.#keyBytes += keyBytes
    if (valueIsExtent(memory, record)) {
      const reference = record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes)
      this.#valueBytes += memory.view.getUint32(reference + EXTENT_REFERENCE_CONTENT_BYTES_OFFSET, true)
    } else this.#valueBytes += valuePartBytes(memory, record)
  }
}
