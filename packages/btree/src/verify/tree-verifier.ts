import { compareBytes } from '@ldb/base'
import type { VerifySink } from '@ldb/base'
import { checkFreeSpace } from '../file/free-space-reading.js'
import { blockOf } from '../file/meta.js'
import type { Meta } from '../file/meta.js'
import { findMeta, readMetaBlock } from '../file/meta-blocks.js'
import { FILE_ENDS_WITHIN_PAGE, readStoredPage } from '../file/stored-page.js'
import { extentPageCount, firstPageNumber, META_STRIDE, VALUE_FIELD_BYTES } from '../format.js'
import { checkTreePage } from '../page/check.js'
import { copyPage } from '../page/copies.js'
import { PageMemory } from '../page/memory.js'
import { isEdge, pageEpoch, prefixBytes, slotCount } from '../page/page.js'
import { sharedBytes } from '../page/prefix.js'
import {
  childChecksumHigh,
  childChecksumLow,
  childOf,
  copyKey,
  firstKeyedSlot,
  keyOffset,
  keyPartBytes,
  recordOffset,
  slotKeyBytes,
  valueIsExtent,
} from '../page/record.js'
import { decodeReference } from '../extents/extent-reference.js'
import type { TreeState } from '../write/tree-state.js'
import { PageAccounting } from './page-accounting.js'
import { VerifyReport } from './verify-report.js'

/** A page as its parent describes it. */
interface ExpectedPage {
  readonly pageNumber: number
  readonly level: number
  readonly low: number
  readonly high: number
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
  /** The fences are unknown, because a separator could not be read. */
  readonly isUnfenced: boolean
}

/**
 * Verifies everything that the present tree reaches, and the meta block and the free-space pages of the last checkpoint.
 *
 * @remarks Reads pages that are clean in memory from the file, so that it finds damage under the cache. Checks every key, checksum and
 * overflow extent, and accounts for every page of the file.
 * @internal
 */
export class TreeVerifier {
  readonly #tree: TreeState
  readonly #meta: Meta
  readonly #bitmapPages: readonly number[]
  readonly #report: VerifyReport
  readonly #accounting: PageAccounting
  #entryCount = 0
  #extentCount = 0

  /** @param bitmapPages - known free-space pages of the last checkpoint. */
  constructor(state: TreeState, meta: Meta, bitmapPages: readonly number[], sink: VerifySink) {
    this.#tree = state
    this.#meta = meta
    this.#bitmapPages = bitmapPages
    this.#report = new VerifyReport(sink, state.pages.file.path)
    this.#accounting = new PageAccounting(state.pages, this.#report)
  }

  run(): void {
    const { root, limits } = this.#tree
    this.#report.begin()
    this.#verifyMeta()
    this.#verifyFreeSpace()
    const before = this.#report.findingCount
    this.#verifyPage({
      pageNumber: root.page,
      level: root.level,
      low: root.checksumLow,
      high: root.checksumHigh,
      lower: undefined,
      upper: undefined,
      isUnfenced: false,
    })
    // What a damaged page reaches is unknown: without it, nothing adds up.
    if (this.#report.findingCount === before) this.#verifyTotals()
    this.#report.count(0, 0, limits.pageBytes * firstPageNumber(limits.pageBytes))
    this.#report.flush()
  }

  #verifyMeta(): void {
    const { file, codec, metaRewrite } = this.#tree.pages
    const block = blockOf(this.#meta.checkpoint)
    this.#report.guard(block * META_STRIDE, () => {
      // Until the first write, the newest checkpoint may be in the spare block only.
      const meta = metaRewrite.isDone ? readMetaBlock(file, block, codec) : findMeta(file, () => codec).meta
      if (meta.checkpoint === this.#meta.checkpoint) return
      this.#report.add('structure', block * META_STRIDE, 'the meta block is not that of the last checkpoint')
    })
  }

  #verifyFreeSpace(): void {
    const { file, codec } = this.#tree.pages
    checkFreeSpace(file, codec, this.#meta, this.#bitmapPages, (error, offset) => {
      this.#report.addError(error, offset)
    })
    for (const page of this.#bitmapPages) this.#accounting.reach(page, 1)
    this.#report.count(this.#bitmapPages.length, 0, this.#bitmapPages.length * this.#meta.pageBytes)
  }

  #verifyTotals(): void {
    this.#accounting.compareWithFreeSpace()
    const { entryCount } = this.#tree
    if (this.#entryCount !== entryCount) {
      this.#report.add('count', 0, `the tree has ${this.#entryCount} entries, and counts ${entryCount}`)
    }
    const extentCount = this.#tree.pages.extents.count
    if (this.#extentCount !== extentCount) {
      this.#report.add('count', 0, `the tree has ${this.#extentCount} extents, and counts ${extentCount}`)
    }
  }

  #verifyPage(expected: ExpectedPage): void {
    const { pages } = this.#tree
    const { pageBytes } = pages.limits
    const offset = expected.pageNumber * pageBytes
    if (!this.#accounting.reach(expected.pageNumber, 1)) return
    let page: PageMemory | undefined
    this.#report.guard(offset, () => {
      page = this.#readPage(expected)
    })
    if (page === undefined) return
    const fault =
      checkTreePage(page, 0, expected.pageNumber, expected.level) ??
      checkFences(page, expected) ??
      pages.epoch.faultOf(pageEpoch(page, 0))
    if (fault !== undefined) {
      this.#report.add('structure', offset, fault)
      return
    }
    const copy = page
    const areKeysReadable = this.#report.guard(offset, () => {
      this.#verifyKeys(copy, expected, offset)
    })
    if (expected.level === 0) this.#verifyValues(page, offset)
    else this.#verifyChildren(page, expected, expected.isUnfenced || !areKeysReadable)
    this.#report.count(1, expected.level === 0 ? slotCount(page, 0) : 0, pageBytes)
  }

  /** Returns a copy of a page: from memory when it is dirty there, else from the file; `undefined`, with a finding, when damaged. */
  #readPage({ pageNumber, low, high }: ExpectedPage): PageMemory | undefined {
    const { pages } = this.#tree
    const { arenas, limits, space, file, codec } = pages
    const { pageBytes } = limits
    const copy = new PageMemory(new Uint8Array(pageBytes), pageBytes, pages.extentFile)
    const frame = space.peek(pageNumber)
    if (frame >= 0 && space.isDirty(frame)) {
      copyPage(arenas.ofFrame(frame), arenas.pageOf(frame), copy, 0)
      return copy
    }
    const pending = pages.pendingChecksums.get(pageNumber)
    const checksum = pending === undefined ? { low, high } : { low: pending.low, high: pending.high }
    const fault = readStoredPage(file, codec, copy, pageNumber, checksum)
    if (fault === undefined) return copy
    const kind = fault === FILE_ENDS_WITHIN_PAGE ? 'missing' : 'checksum'
    this.#report.add(kind, pageNumber * pageBytes, fault)
    return undefined
  }

  /** Checks that the keys are within the fences, and the order of long keys, which are compared as a whole. */
  #verifyKeys(page: PageMemory, expected: ExpectedPage, offset: number): void {
    const count = slotCount(page, 0)
    const first = firstKeyedSlot(page, 0)
    let isPreviousLong = false
    for (let slot = first; slot < count; slot += 1) {
      const isLong = slotKeyBytes(page, 0, slot) > page.keyPartMax
      if (isLong) this.#verifyLongKey(page, slot, offset)
      if ((isLong || isPreviousLong) && slot > first) {
        if (compareBytes(copyKey(page, 0, slot - 1), copyKey(page, 0, slot)) >= 0) {
          this.#report.add('order', offset, 'the keys are not in order')
        }
      }
      isPreviousLong = isLong
    }
    const { lower, upper, isUnfenced } = expected
    if (count <= first || isUnfenced) return
    if (lower !== undefined && compareBytes(copyKey(page, 0, first), lower) < 0) {
      this.#report.add('order', offset, 'a key is below the lower fence of its page')
    }
    if (upper !== undefined && compareBytes(copyKey(page, 0, count - 1), upper) >= 0) {
      this.#report.add('order', offset, 'a key is not below the upper fence of its page')
    }
  }

  #verifyLongKey(page: PageMemory, slot: number, offset: number): void {
    const at = keyOffset(page, 0, slot)
    const key = copyKey(page, 0, slot)
    const inline = page.bytes.subarray(at, at + page.keyInlineBytes)
    const begin = key.subarray(0, page.keyInlineBytes)
    if (key.length !== slotKeyBytes(page, 0, slot) || compareBytes(begin, inline) !== 0) {
      this.#report.add('structure', offset, 'a long key differs from its extent')
    }
    this.#reachExtent(page.bytes, at + page.keyInlineBytes)
  }

  #verifyValues(page: PageMemory, offset: number): void {
    const count = slotCount(page, 0)
    this.#entryCount += count
    for (let slot = 0; slot < count; slot += 1) {
      const record = recordOffset(page, 0, slot)
      if (!valueIsExtent(page, record)) continue
      const at = record + VALUE_FIELD_BYTES + keyPartBytes(page, slotKeyBytes(page, 0, slot))
      this.#report.guard(offset, () => {
        this.#tree.pages.extentFile.readValue(page, at)
      })
      this.#reachExtent(page.bytes, at)
    }
  }

  #verifyChildren(page: PageMemory, expected: ExpectedPage, isUnfenced: boolean): void {
    const count = slotCount(page, 0)
    for (let slot = 0; slot < count; slot += 1) {
      this.#verifyPage({
        pageNumber: childOf(page, 0, slot),
        level: expected.level - 1,
        low: childChecksumLow(page, 0, slot),
        high: childChecksumHigh(page, 0, slot),
        lower: isUnfenced || slot === 0 ? expected.lower : copyKey(page, 0, slot),
        upper: isUnfenced || slot + 1 === count ? expected.upper : copyKey(page, 0, slot + 1),
        isUnfenced,
      })
    }
  }

  #reachExtent(bytes: Uint8Array, at: number): void {
    const { page, contentBytes } = decodeReference(bytes, at)
    const count = extentPageCount(contentBytes, this.#meta.pageBytes)
    this.#extentCount += 1
    this.#accounting.reach(page, count)
    this.#report.count(count, 0, contentBytes)
  }
}

/** Checks that a page which is not an edge page has two fences that share its prefix. */
function checkFences(page: PageMemory, expected: ExpectedPage): string | undefined {
  const { lower, upper, isUnfenced } = expected
  if (isEdge(page, 0) || isUnfenced) return undefined
  if (lower === undefined || upper === undefined)
    return 'a page without a fence is not marked as an edge page'
  const shared = sharedBytes(lower, upper, page.prefixMax)
  return prefixBytes(page, 0) > shared ? 'the prefix of a page is longer than that of its fences' : undefined
}
