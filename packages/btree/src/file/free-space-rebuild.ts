import { corruption, isLdbError, readU32 } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import type { UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import {
  EXTENT_REFERENCE_CONTENT_BYTES_OFFSET,
  EXTENT_REFERENCE_PAGE_OFFSET,
  extentPageCount,
  VALUE_FIELD_BYTES,
} from '../format.js'
import { checkTreePage } from '../page/check.js'
import type { PageMemory } from '../page/memory.js'
import { pageEpoch, slotCount } from '../page/page.js'
import {
  childChecksumHigh,
  childChecksumLow,
  childOf,
  keyOffset,
  keyPartBytes,
  recordOffset,
  slotKeyBytes,
  valueIsExtent,
} from '../page/record.js'
import { FreeSpace } from '../space/free-space.js'
import type { FreeSpacePages } from './free-space-pages.js'
import { hasDictionaries } from './meta.js'
import type { Meta } from './meta.js'
import { readStoredPage, storedPageMemory } from './stored-page.js'

/**
 * Rebuilds the free space of a checkpoint whose free-space pages are damaged: every page that the tree does not reach is free.
 *
 * @remarks Reads all branches, one page in about a hundred of the file, and all leaves too when the tree has overflow
 * extents; writes nothing. When one of these pages is damaged, what it reaches is unknown: then no page is free, and the file
 * grows instead of reusing space.
 * @param known - known free-space pages of the checkpoint. They are in use until the next checkpoint; one that the tree
 * reaches, as only a forged file has it, is removed from the lists.
 * @throws {@link LdbError} LDB_IO.
 * @internal
 */
export function rebuildFreeSpace(
  file: VfsFile,
  codec: UnitCodec,
  meta: Meta,
  known: FreeSpacePages,
): FreeSpace {
  const { pageBytes, pageCount } = meta
  const freeSpace = FreeSpace.ofFile(pageBytes, pageCount)
  freeSpace.freeAll()
  const lists = [known.pages, known.mirrors]
  try {
    new ReachableWalk(file, codec, meta, freeSpace).run()
  } catch (error) {
    if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
    // Where they are is unknown, so that they cannot be freed.
    for (const list of lists) list.length = 0
    return FreeSpace.ofFile(pageBytes, pageCount)
  }
  for (const list of lists) {
    const unreached = list.filter((page) => freeSpace.isFree(page))
    list.splice(0, list.length, ...unreached)
    for (const page of unreached) freeSpace.take(page)
  }
  return freeSpace
}

/** Takes every page that a tree reaches out of a {@link FreeSpace}. */
class ReachableWalk {
  readonly #file: VfsFile
  readonly #codec: UnitCodec
  readonly #meta: Meta
  readonly #freeSpace: FreeSpace
  /** One page buffer for each level. */
  readonly #memories: PageMemory[]

  constructor(file: VfsFile, codec: UnitCodec, meta: Meta, freeSpace: FreeSpace) {
    this.#file = file
    this.#codec = codec
    this.#meta = meta
    this.#freeSpace = freeSpace
    this.#memories = Array.from({ length: meta.rootLevel + 1 }, () => storedPageMemory(meta.pageBytes, codec))
  }

  /** @throws {@link LdbError} LDB_CORRUPTION when a page of the walk is damaged; LDB_IO. */
  run(): void {
    const { rootPage, rootLevel, rootChecksumLow, rootChecksumHigh, dictionaries } = this.#meta
    if (hasDictionaries(this.#meta)) this.#takeExtent(dictionaries, 0)
    this.#visit(rootPage, rootLevel, rootChecksumLow, rootChecksumHigh)
  }

  #visit(page: number, level: number, low: number, high: number): void {
    this.#take(page, 1)
    const hasExtents = this.#meta.extentCount > 0
    if (level === 0 && !hasExtents) return
    const memory = this.#memories[level] as PageMemory
    const fault =
      readStoredPage(this.#file, this.#codec, memory, page, { low, high }) ??
      checkTreePage(memory, 0, page, level) ??
      (pageEpoch(memory, 0) > this.#meta.epoch ? 'the epoch of a page has not begun' : undefined)
    if (fault !== undefined) throw this.#corruptionAt(page, fault)
    const count = slotCount(memory, 0)
    for (let slot = 0; slot < count; slot += 1) {
      if (hasExtents) this.#takeExtents(memory, level, slot)
      if (level === 0) continue
      this.#visit(
        childOf(memory, 0, slot),
        level - 1,
        childChecksumLow(memory, 0, slot),
        childChecksumHigh(memory, 0, slot),
      )
    }
  }

  /** Takes the extents that the record of a slot refers to: of its key and of its value. */
  #takeExtents(memory: PageMemory, level: number, slot: number): void {
    const keyBytes = slotKeyBytes(memory, 0, slot)
    if (keyBytes > memory.keyPartMax) {
      this.#takeExtent(memory.bytes, keyOffset(memory, 0, slot) + memory.keyInlineBytes)
    }
    if (level > 0) return
    const record = recordOffset(memory, 0, slot)
    if (!valueIsExtent(memory, record)) return
    this.#takeExtent(memory.bytes, record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes))
  }

  #takeExtent(bytes: Uint8Array, reference: number): void {
    const page = readU32(bytes, reference + EXTENT_REFERENCE_PAGE_OFFSET)
    const contentBytes = readU32(bytes, reference + EXTENT_REFERENCE_CONTENT_BYTES_OFFSET)
    this.#take(page, extentPageCount(contentBytes, this.#meta.pageBytes, this.#codec.trailerBytes))
  }

  #take(page: number, count: number): void {
    for (let each = page; each < page + count; each += 1) {
      // A page outside of the file is not free either.
      if (!this.#freeSpace.isFree(each))
        throw this.#corruptionAt(each, 'a page is reached twice or does not exist')
      this.#freeSpace.take(each)
    }
  }

  #corruptionAt(page: number, message: string): LdbError {
    return corruption(this.#file.path, page * this.#meta.pageBytes, message)
  }
}
