import type { PageMemory } from '../page/memory.js'
import { pageNumberOf, slotCount } from '../page/page.js'
import { metaCopyEnd, VALUE_FIELD_BYTES } from '../format.js'
import { decodeReference } from '../extents/extent-reference.js'
import { childOf, copyKey, keyPartBytes, recordOffset, slotKeyBytes, valueIsExtent } from '../page/record.js'
import { searchBranch } from '../page/search.js'
import type { TreeState } from '../write/tree-state.js'

/**
 * Moves leaves, the branches above them and overflow extents from the end of the file to free pages before it. Must follow
 * a checkpoint: then every page is of an older epoch, and making it writable copies it to the lowest free page. The
 * next checkpoint truncates the file.
 *
 * @remarks Reads all branches, and a leaf only if it moves or the tree has extents. Extents of separators do not move. The tree
 * may change between two steps.
 * @internal
 */
export class TreeShrinking {
  readonly #state: TreeState
  readonly #limit: number
  /** Keys of the leaves below the present level-1 branch that may have to move, the next one last. */
  #keys: Uint8Array[] = []
  #hasMovedDictionaries = false
  /** Lower fence of the next level-1 branch. */
  #next: Uint8Array | undefined

  constructor(state: TreeState) {
    const { freeSpace, reclaim } = state.pages
    const used = freeSpace.pageCount - freeSpace.freeCount - reclaim.pendingCount
    this.#state = state
    // Includes space for copies of the branches and for the next free-space pages and their mirrors.
    const limit = used + Math.ceil(used / 64) + 5
    this.#limit = Math.max(limit, metaCopyEnd(state.pages.limits.pageBytes))
    this.#next = this.isWorthwhile ? new Uint8Array(0) : undefined
  }

  /** Reports whether pages may lie behind the limit. */
  get isWorthwhile(): boolean {
    return this.#limit < this.#state.pages.freeSpace.pageCount
  }

  /**
   * Moves some leaves and their extents.
   *
   * @param budget - pages to move; one leaf may exceed it with its extents.
   * @returns true when all are moved.
   */
  step(budget: number): boolean {
    let left = budget
    if (!this.#hasMovedDictionaries) {
      this.#hasMovedDictionaries = true
      this.#state.pages.dictionaries.moveBelow(this.#limit)
    }
    while (left > 0) {
      const key = this.#keys.pop()
      if (key !== undefined) left -= moveLeaf(this.#state, key, this.#limit)
      else if (this.#next === undefined) return true
      else {
        const group = collectGroup(this.#state, this.#next, this.#limit)
        this.#keys = group.keys.reverse()
        this.#next = group.next
        left -= 1
      }
    }
    return false
  }
}

/** Returns a key of each leaf below one level-1 branch that may have to move, and the lower fence of the next such branch. */
function collectGroup(
  state: TreeState,
  key: Uint8Array,
  limit: number,
): { keys: Uint8Array[]; next: Uint8Array | undefined } {
  const { pages, arenas } = state
  let page = pages.reader.root(state.root)
  let memory = arenas.of(page)
  let isHigh = state.root.page >= limit
  let lower = key
  let next: Uint8Array | undefined
  for (let level = state.root.level; level > 1; level -= 1) {
    const slot = searchBranch(memory, page, key, 0, key.length)
    if (slot + 1 < slotCount(memory, page)) next = copyKey(memory, page, slot + 1)
    if (slot > 0) lower = copyKey(memory, page, slot)
    isHigh ||= childOf(memory, page, slot) >= limit
    page = pages.reader.child(page, slot, level - 1)
    memory = arenas.of(page)
  }
  const hasExtents = pages.extents.count > 0
  if (state.root.level === 0) return { keys: isHigh || hasExtents ? [lower] : [], next: undefined }
  const keys: Uint8Array[] = []
  const count = slotCount(memory, page)
  for (let slot = 0; slot < count; slot += 1) {
    if (childOf(memory, page, slot) >= limit || hasExtents || (isHigh && slot === 0)) {
      keys.push(slot === 0 ? lower : copyKey(memory, page, slot))
    }
  }
  return { keys, next }
}

/**
 * Makes the path to the leaf of a key writable, which moves it to the lowest free pages, and moves the extents of the leaf. Returns the
 * number of visited and moved pages.
 */
function moveLeaf(state: TreeState, key: Uint8Array, limit: number): number {
  const { pages } = state
  let moved = 1
  try {
    if (pages.extents.count > 0 && !needsMove(state, key, limit)) return moved
    const leaf = state.descend(key, 0, key.length)
    const memory = state.arenas.of(leaf)
    const count = slotCount(memory, leaf)
    for (let slot = 0; slot < count; slot += 1) {
      const keyBytes = slotKeyBytes(memory, leaf, slot)
      const record = recordOffset(memory, leaf, slot)
      if (keyBytes > memory.keyPartMax)
        moved += moveExtent(state, memory, record + VALUE_FIELD_BYTES + memory.keyInlineBytes, limit)
      if (valueIsExtent(memory, record)) {
        const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes)
        moved += moveExtent(state, memory, at, limit)
      }
    }
    return moved
  } finally {
    pages.pins.unpinAll()
  }
}

/** Reports whether the leaf of a key, a page above it or an extent of the leaf is at or behind the limit. */
function needsMove(state: TreeState, key: Uint8Array, limit: number): boolean {
  const { pages, arenas } = state
  let page = pages.reader.root(state.root)
  let memory = arenas.of(page)
  let isHigh = pageNumberOf(memory, page) >= limit
  for (let level = state.root.level; level > 0; level -= 1) {
    page = pages.reader.child(page, searchBranch(memory, page, key, 0, key.length), level - 1)
    memory = arenas.of(page)
    isHigh ||= pageNumberOf(memory, page) >= limit
  }
  const count = slotCount(memory, page)
  for (let slot = 0; slot < count && !isHigh; slot += 1) {
    const keyBytes = slotKeyBytes(memory, page, slot)
    const record = recordOffset(memory, page, slot)
    const keyPart = keyPartBytes(memory, keyBytes)
    if (keyBytes > memory.keyPartMax) {
      isHigh = decodeReference(memory.bytes, record + VALUE_FIELD_BYTES + memory.keyInlineBytes).page >= limit
    }
    if (valueIsExtent(memory, record)) {
      isHigh ||= decodeReference(memory.bytes, record + VALUE_FIELD_BYTES + keyPart).page >= limit
    }
  }
  return isHigh
}

/** Moves an extent that begins at or behind the limit. Returns the number of its pages, or 0. */
function moveExtent(state: TreeState, memory: PageMemory, referenceAt: number, limit: number): number {
  const { pages } = state
  const reference = decodeReference(memory.bytes, referenceAt)
  if (reference.page < limit) return 0
  const written = pages.extents.copy(reference)
  pages.extents.retire(memory.bytes, referenceAt)
  memory.bytes.set(written, referenceAt)
  return pages.extentFile.pageCountOf(reference.contentBytes)
}
