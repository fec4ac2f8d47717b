import { readU32 } from '@ldb/base'
import type { KeyRenewal } from '@ldb/base'
import {
  META_BLOCK_CHECKSUM_OFFSET,
  META_BLOCK_COUNT,
  META_STRIDE,
  OVERFLOW_EXTENT_BYTES,
  VALUE_FIELD_BYTES,
} from '../format.js'
import { decodeReference } from '../extents/extent-reference.js'
import { hasDictionaries } from '../file/meta.js'
import type { PageMemory } from '../page/memory.js'
import { slotCount } from '../page/page.js'
import {
  childOf,
  copyKey,
  firstKeyedSlot,
  keyOffset,
  keyPartBytes,
  recordOffset,
  slotKeyBytes,
  valueIsExtent,
} from '../page/record.js'
import { searchBranch } from '../page/search.js'
import type { Pages } from '../pager/pages.js'
import type { TreeState } from '../write/tree-state.js'

/** Bytes of the number of the data key, with which the trailer of a unit ends. */
const DATA_KEY_ID_BYTES = 4

/** A sum of units. */
interface Units {
  unitCount: number
  byteCount: number
}

/**
 * Finds the pages and overflow extents of a tree that are encrypted with older data keys, in key order, and rewrites them: pages by copying
 * them, like any change, extents by copying their content.
 *
 * @remarks Its position is a key, and each step descends anew: the tree may change between two steps. Reads the last four bytes of each page
 * and extent, which are the number of its data key; a leaf as a whole only if it is rewritten or the tree has extents. A page that was
 * changed in memory counts as new: it is encrypted when it is written. Rewriting must follow a checkpoint: then every page that is not
 * changed is of an older epoch.
 * @internal
 */
export class TreeRenewal {
  readonly #state: TreeState
  /** Lower fence of the next leaf; `undefined` at the end. */
  #key: Uint8Array | undefined = new Uint8Array(0)
  /** Lower fence of the leaf behind the examined one. */
  #next: Uint8Array | undefined = undefined
  /** The branches of the last path, by level: their units were counted. */
  readonly #counted: number[] = []
  readonly #keyId = new Uint8Array(DATA_KEY_ID_BYTES)

  constructor(state: TreeState) {
    this.#state = state
  }

  /** True when the last leaf was passed. */
  get isDone(): boolean {
    return this.#key === undefined
  }

  /**
   * Examines the next leaf and the branches above it that were not examined before. Changes nothing.
   *
   * @returns what of them is under an older key. It can be read, unless it is only counted.
   * @throws {@link LdbError} LDB_CORRUPTION for a damaged page or extent; {@link TreeRenewal.advance} then passes it, and what is below it.
   */
  find(renewal: KeyRenewal): Units {
    const { pages, root } = this.#state
    const key = this.#key ?? new Uint8Array(0)
    const found: Units = { unitCount: 0, byteCount: 0 }
    this.#next = undefined
    let number = root.page
    let load = (): number => pages.reader.root(root)
    for (let level = root.level; level > 0; level -= 1) {
      const page = load()
      const memory = this.#state.arenas.of(page)
      const slot = searchBranch(memory, page, key, 0, key.length)
      if (slot + 1 < slotCount(memory, page)) this.#next = copyKey(memory, page, slot + 1)
      if (this.#counted[level] !== number) {
        this.#counted[level] = number
        if (this.#isOldPage(renewal, number)) add(found, pages.limits.pageBytes)
        visitSeparators(memory, page, (at) => this.#addExtent(renewal, found, memory, at))
      }
      number = childOf(memory, page, slot)
      load = (): number => pages.reader.child(page, slot, level - 1)
    }
    if (this.#isOldPage(renewal, number)) add(found, pages.limits.pageBytes)
    const isRewritten = renewal.bytesMax > 0 && found.unitCount > 0
    if (pages.extents.count > 0 || isRewritten) {
      const leaf = load()
      const memory = this.#state.arenas.of(leaf)
      visitLeafExtents(memory, leaf, (at) => this.#addExtent(renewal, found, memory, at))
    }
    return found
  }

  /** Rewrites what {@link TreeRenewal.find} has found. */
  rewrite(renewal: KeyRenewal): void {
    const state = this.#state
    const key = this.#key ?? new Uint8Array(0)
    try {
      const leaf = state.descend(key, 0, key.length)
      for (let depth = 0; depth < state.root.level; depth += 1) {
        const branch = state.pathPage[depth] as number
        const memory = state.arenas.of(branch)
        visitSeparators(memory, branch, (at) => this.#rewriteExtent(renewal, memory, at))
      }
      const memory = state.arenas.of(leaf)
      visitLeafExtents(memory, leaf, (at) => this.#rewriteExtent(renewal, memory, at))
    } finally {
      state.pages.pins.unpinAll()
    }
  }

  /** Goes on to the next leaf. */
  advance(): void {
    this.#key = this.#next
  }

  #isOldPage(renewal: KeyRenewal, number: number): boolean {
    const { space, limits } = this.#state.pages
    const frame = space.peek(number)
    if (frame >= 0 && space.isDirty(frame)) return false
    return this.#isOldAt(renewal, (number + 1) * limits.pageBytes)
  }

  /** Reports whether the unit that ends at an offset of the file is under an older key. */
  #isOldAt(renewal: KeyRenewal, end: number): boolean {
    return isOldUnit(this.#state.pages, renewal, end, this.#keyId)
  }

  /** Returns the bytes of the extent whose reference is at an offset; 0 when it is not under an older key. */
  #oldExtentBytes(renewal: KeyRenewal, memory: PageMemory, at: number): number {
    const { codec, limits } = this.#state.pages
    const { page, contentBytes } = decodeReference(memory.bytes, at)
    const byteCount = OVERFLOW_EXTENT_BYTES + contentBytes + codec.trailerBytes
    return this.#isOldAt(renewal, page * limits.pageBytes + byteCount) ? byteCount : 0
  }

  #addExtent(renewal: KeyRenewal, found: Units, memory: PageMemory, at: number): void {
    const byteCount = this.#oldExtentBytes(renewal, memory, at)
    if (byteCount === 0) return
    add(found, byteCount)
    if (renewal.bytesMax > 0) this.#state.pages.extentFile.readWhole(decodeReference(memory.bytes, at))
  }

  #rewriteExtent(renewal: KeyRenewal, memory: PageMemory, at: number): void {
    if (this.#oldExtentBytes(renewal, memory, at) === 0) return
    const { extents } = this.#state.pages
    const written = extents.copy(decodeReference(memory.bytes, at))
    extents.retire(memory.bytes, at)
    memory.bytes.set(written, at)
  }
}

/** Returns the bytes of the extent of the dictionaries; 0 when it is not under an older key, or there are none. @internal */
export function oldDictionaryBytes(pages: Pages, renewal: KeyRenewal): number {
  const { codec, dictionaries, limits } = pages
  if (!hasDictionaries({ dictionaries: dictionaries.reference })) return 0
  const { page, contentBytes } = decodeReference(dictionaries.reference, 0)
  const byteCount = OVERFLOW_EXTENT_BYTES + contentBytes + codec.trailerBytes
  const keyId = new Uint8Array(DATA_KEY_ID_BYTES)
  return isOldUnit(pages, renewal, page * limits.pageBytes + byteCount, keyId) ? byteCount : 0
}

/** Returns how many meta blocks of a file are under an older key, the spare included. @internal */
export function oldMetaBlocks(pages: Pages, renewal: KeyRenewal): number {
  const keyId = new Uint8Array(DATA_KEY_ID_BYTES)
  let count = 0
  for (let block = 0; block < META_BLOCK_COUNT; block += 1) {
    const end = block * META_STRIDE + META_BLOCK_CHECKSUM_OFFSET
    if (isOldUnit(pages, renewal, end, keyId)) count += 1
  }
  return count
}

/** Reports whether the unit that ends at an offset of the file is under an older key. */
function isOldUnit({ file }: Pages, renewal: KeyRenewal, end: number, keyId: Uint8Array): boolean {
  const byteCount = file.read(keyId, 0, DATA_KEY_ID_BYTES, end - DATA_KEY_ID_BYTES)
  return byteCount === DATA_KEY_ID_BYTES && renewal.isOld(readU32(keyId, 0))
}

function add(units: Units, byteCount: number): void {
  units.unitCount += 1
  units.byteCount += byteCount
}

/** Visits the position of each reference to the extent of a separator of a branch. */
function visitSeparators(memory: PageMemory, page: number, visit: (at: number) => void): void {
  const count = slotCount(memory, page)
  for (let slot = firstKeyedSlot(memory, page); slot < count; slot += 1) {
    if (slotKeyBytes(memory, page, slot) <= memory.keyPartMax) continue
    visit(keyOffset(memory, page, slot) + memory.keyInlineBytes)
  }
}

/** Visits the position of each reference to an extent of a key or a value of a leaf. */
function visitLeafExtents(memory: PageMemory, leaf: number, visit: (at: number) => void): void {
  const count = slotCount(memory, leaf)
  for (let slot = 0; slot < count; slot += 1) {
    const keyBytes = slotKeyBytes(memory, leaf, slot)
    const record = recordOffset(memory, leaf, slot)
    if (keyBytes > memory.keyPartMax) visit(record + VALUE_FIELD_BYTES + memory.keyInlineBytes)
    if (valueIsExtent(memory, record)) visit(record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes))
  }
}
