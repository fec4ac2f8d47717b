import { compareBytes } from '@ldb/base'
import type { VerifyFinding, VerifySink } from '@ldb/base'
import type { FreeSpacePages } from '../file/free-space-pages.js'
import { checkFreeSpace } from '../file/free-space-reading.js'
import type { Meta } from '../file/meta.js'
import { FILE_ENDS_WITHIN_PAGE } from '../file/stored-page.js'
import { extentPageCount, VALUE_FIELD_BYTES } from '../format.js'
import { SLICE_VALUE_BYTES } from '../space/time-slices.js'
import { checkTreePage } from '../page/check.js'
import { PageMemory } from '../page/memory.js'
import { pageEpoch, slotCount } from '../page/page.js'
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
  valueIsIndirect,
  valuePartBytes,
} from '../page/record.js'
import { decodeReference } from '../extents/extent-reference.js'
import { ValueSlab } from '../extents/value-slab.js'
import type { TreeSnapshot } from '../read/snapshot.js'
import type { TreeState } from '../write/tree-state.js'
import { countFixedPages, verifyDictionaries, verifyMeta } from './checkpoint-check.js'
import { checkFences } from './expected-page.js'
import type { ExpectedPage } from './expected-page.js'
import { PageAccounting } from './page-accounting.js'
import { isDirtyPage, readPageCopy } from './page-copy.js'
import { TreeFigures } from './tree-figures.js'
import { VerifyReport } from './verify-report.js'

/** The tree to verify. @internal */
interface VerifiedTree {
  readonly state: TreeState
  /** The meta block of the last checkpoint, and its known free-space pages. */
  readonly meta: Meta
  readonly freeSpacePages: FreeSpacePages
  /** Takes a snapshot of the present state. */
  snapshot(): TreeSnapshot
  /** @throws {@link LdbError} LDB_CLOSED, LDB_POISONED. */
  assertReadable(): void
}

/** What a verification found that can be rebuilt. @internal */
export interface Rebuildable {
  /** Pages that the tree does not reach, and that are not free. */
  readonly leaked: readonly number[]
  /** Pages that the tree reaches, and that are marked free. */
  readonly inUseAndFree: readonly number[]
  /** A free-space page, a meta block or a copy of one is damaged in the file. */
  readonly isRedundancyLost: boolean
}

/**
 * Verifies everything that the present tree reaches, and the meta block and the free-space pages of the last checkpoint.
 *
 * @remarks Reads pages that are clean in memory from the file, so that it finds damage under the cache. Checks every key, checksum and
 * overflow extent, and accounts for every page of the file. A snapshot keeps what it has not visited yet from being overwritten; the checksums
 * of pages that were written meanwhile stay pending as long as it is open.
 * @internal
 */
export class TreeVerifier {
  readonly #source: VerifiedTree
  readonly #tree: TreeState
  readonly #meta: Meta
  readonly #report: VerifyReport
  readonly #figures: TreeFigures
  /** `undefined` once the walk goes on in a later state than it has begun in. */
  #accounting: PageAccounting | undefined
  #snapshot: TreeSnapshot | undefined = undefined
  /** Pages to visit, the next one last. */
  #stack: ExpectedPage[] = []
  /** Pages that have no key at or above it were visited in an earlier state. */
  #resumeKey: Uint8Array | undefined = undefined
  /** The page that is being verified. */
  readonly #memory: PageMemory
  /** Receives decoded values. */
  readonly #slab: ValueSlab = new ValueSlab()
  #entryCount = 0
  #extentCount = 0
  #isRedundancyLost = false

  constructor(source: VerifiedTree, sink: VerifySink) {
    const { state, meta } = source
    this.#source = source
    this.#tree = state
    this.#meta = meta
    this.#figures = new TreeFigures(meta.pageBytes)
    this.#report = new VerifyReport(sink, state.pages.file.path, this.#figures)
    this.#accounting = undefined
    const { pageBytes } = meta
    const { extentFile, codec } = state.pages
    const bytes = new Uint8Array(pageBytes)
    this.#memory = new PageMemory(bytes, pageBytes, extentFile, undefined, codec.trailerBytes)
  }

  /**
   * Verifies the state of the first step; yields after each page, and within one with long values.
   * @returns what can be rebuilt; nothing when a page is damaged, or another state was visited, too.
   */
  *steps(pinMs: number, now: () => number): Generator<void, Rebuildable> {
    const { pages, entryCount, root } = this.#tree
    const extentCount = pages.extents.count
    const { level } = root
    this.#report.begin()
    this.#accounting = new PageAccounting(pages, this.#report)
    this.#isRedundancyLost = verifyMeta(this.#tree.pages, this.#meta, this.#report)
    this.#verifyFreeSpace(this.#accounting)
    const dictionaries = verifyDictionaries(pages, this.#report)
    if (dictionaries !== undefined) this.#reachExtent(dictionaries, 0)
    // That extent is not one of the tree.
    this.#extentCount = 0
    const before = this.#report.findingCount
    countFixedPages(pages, this.#report, this.#figures)
    try {
      this.#pin()
      let pinnedAtMs = now()
      for (let next = this.#stack.pop(); next !== undefined; next = this.#stack.pop()) {
        yield* this.#verifyPage(next)
        yield
        this.#source.assertReadable()
        if (pinMs === Infinity || now() - pinnedAtMs < pinMs || !this.#canRenew) continue
        this.#renew()
        pinnedAtMs = now()
      }
    } finally {
      this.#snapshot?.release()
    }
    // What a damaged page reaches is unknown: without it, nothing adds up.
    const isWhole = this.#accounting !== undefined && this.#report.findingCount === before
    yield* this.#compareTotals(isWhole, entryCount, extentCount)
    this.#report.flush()
    this.#report.shape(this.#figures.shape(level + 1))
    const { leaked, inUseAndFree } = isWhole ? this.#accounting : { leaked: [], inUseAndFree: [] }
    return { leaked, inUseAndFree, isRedundancyLost: this.#isRedundancyLost }
  }

  /** Takes a snapshot, and begins at its root. */
  #pin(): void {
    const snapshot = this.#source.snapshot()
    this.#snapshot = snapshot
    const { page, level, checksumLow, checksumHigh } = snapshot.root
    const fences = { lower: undefined, upper: undefined, isUnfenced: false }
    this.#stack = [{ pageNumber: page, level, low: checksumLow, high: checksumHigh, ...fences }]
  }

  /** Reports whether the next page has a lower fence, from which on the walk can go on in another state. */
  get #canRenew(): boolean {
    const next = this.#stack.at(-1)
    return next?.lower !== undefined && !next.isUnfenced
  }

  /** Releases the snapshot, and goes on in a new one. */
  #renew(): void {
    this.#resumeKey = this.#stack.at(-1)?.lower
    this.#accounting = undefined
    this.#snapshot?.release()
    this.#pin()
  }

  #verifyFreeSpace(accounting: PageAccounting): void {
    const { file, codec } = this.#tree.pages
    const { freeSpacePages } = this.#source
    checkFreeSpace(file, codec, this.#meta, freeSpacePages, (error, offset) => {
      this.#isRedundancyLost = true
      this.#report.addError(error, offset, 'warning')
    })
    const { pages, mirrors } = freeSpacePages
    for (const [kind, numbers] of [
      ['free-space', pages],
      ['free-space-mirror', mirrors],
    ] as const) {
      let count = 0
      for (const page of numbers) {
        if (!accounting.reach(page, 1)) continue
        count += 1
        this.#report.locate(kind, page)
      }
      this.#figures.add(kind, count)
      this.#report.count(count, 0, count * this.#meta.pageBytes)
    }
  }

  *#compareTotals(isWhole: boolean, entryCount: number, extentCount: number): Generator<void, void> {
    const accounting = this.#accounting
    if (accounting === undefined) return
    this.#figures.add('free', yield* accounting.compareWithFreeSpace(isWhole))
    this.#figures.add('pending', accounting.pendingCount)
    this.#figures.add('unreached', accounting.leaked.length)
    if (!isWhole) return
    if (this.#entryCount !== entryCount) {
      this.#report.add('count', 0, `the tree has ${this.#entryCount} entries, and counts ${entryCount}`)
    }
    if (this.#extentCount !== extentCount) {
      this.#report.add('count', 0, `the tree has ${this.#extentCount} extents, and counts ${extentCount}`)
    }
  }

  #reach(page: number, count: number): boolean {
    return this.#accounting?.reach(page, count) ?? true
  }

  *#verifyPage(expected: ExpectedPage): Generator<void, void> {
    const { pages } = this.#tree
    const { pageBytes } = pages.limits
    const offset = expected.pageNumber * pageBytes
    if (!this.#reach(expected.pageNumber, 1)) return
    const { lower, upper } = expected
    const keys = { lower, upper }
    const isDirty = isDirtyPage(pages, expected.pageNumber)
    let page: PageMemory | undefined
    const readPage = (): void => {
      page = this.#readPage(expected, keys)
    }
    this.#report.guard(offset, readPage, keys)
    if (page === undefined) return this.#passOver(expected.pageNumber)
    const fault =
      checkTreePage(page, 0, expected.pageNumber, expected.level) ??
      checkFences(page, expected) ??
      pages.epoch.faultOf(pageEpoch(page, 0))
    if (fault !== undefined) {
      this.#report.add('structure', offset, fault, 'error', keys)
      return this.#passOver(expected.pageNumber)
    }
    const copy = page
    const areKeysReadable = this.#report.guard(offset, () => {
      this.#verifyKeys(copy, expected, offset)
    })
    if (expected.level === 0) yield* this.#verifyValues(page, offset)
    else this.#pushChildren(page, expected, expected.isUnfenced || !areKeysReadable)
    this.#figures.addPage(page)
    const { level, pageNumber } = expected
    this.#report.count(1, level === 0 ? slotCount(page, 0) : 0, pageBytes)
    this.#report.locate(level === 0 ? 'leaf' : 'branch', pageNumber, 1, { isDirty, level, keys })
  }

  /** Counts a page that cannot be read. */
  #passOver(pageNumber: number): void {
    this.#figures.add('unreached', 1)
    this.#report.locate('unreached', pageNumber)
  }

  /** Reads a page into memory of its own; `undefined`, with a finding, when damaged. */
  #readPage(expected: ExpectedPage, keys: VerifyFinding['keys']): PageMemory | undefined {
    const { pages } = this.#tree
    const copy = this.#memory
    const fault = readPageCopy(pages, expected, copy)
    if (fault === undefined) return copy
    const kind = fault === FILE_ENDS_WITHIN_PAGE ? 'missing' : 'checksum'
    this.#report.add(kind, expected.pageNumber * pages.limits.pageBytes, fault, 'error', keys)
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

  /** Reads the values in extents. The page is in memory of its own, and the snapshot keeps the extents between two steps. */
  *#verifyValues(page: PageMemory, offset: number): Generator<void, void> {
    const count = slotCount(page, 0)
    this.#entryCount += count
    let stepBytes = 0
    for (let slot = 0; slot < count; slot += 1) {
      const record = recordOffset(page, 0, slot)
      if (!valueIsIndirect(page, record)) continue
      const at = record + VALUE_FIELD_BYTES + keyPartBytes(page, slotKeyBytes(page, 0, slot))
      const { extentFile, dictionaries } = this.#tree.pages
      const isExtent = valueIsExtent(page, record)
      this.#report.guard(offset, () => {
        if (isExtent) stepBytes += extentFile.readValue(page, at).length
        else dictionaries.copyValue(page, at, valuePartBytes(page, record), this.#slab)
      })
      if (isExtent) this.#reachExtent(page.bytes, at)
      if (stepBytes < SLICE_VALUE_BYTES) continue
      stepBytes = 0
      yield
      this.#source.assertReadable()
    }
  }

  /** Adds the children to the pages to visit, in reverse order. */
  #pushChildren(page: PageMemory, expected: ExpectedPage, isUnfenced: boolean): void {
    const count = slotCount(page, 0)
    const resumeKey = this.#resumeKey
    let upper = expected.upper
    for (let slot = count - 1; slot >= 0; slot -= 1) {
      const lower = isUnfenced || slot === 0 ? expected.lower : copyKey(page, 0, slot)
      if (resumeKey !== undefined && upper !== undefined && compareBytes(upper, resumeKey) <= 0) return
      this.#stack.push({
        pageNumber: childOf(page, 0, slot),
        level: expected.level - 1,
        low: childChecksumLow(page, 0, slot),
        high: childChecksumHigh(page, 0, slot),
        lower,
        upper,
        isUnfenced,
      })
      if (!isUnfenced) upper = lower
    }
  }

  #reachExtent(bytes: Uint8Array, at: number): void {
    const { page, contentBytes } = decodeReference(bytes, at)
    const count = extentPageCount(contentBytes, this.#meta.pageBytes, this.#tree.pages.codec.trailerBytes)
    this.#extentCount += 1
    if (!this.#reach(page, count)) return
    this.#figures.add('extent', 1, count)
    this.#report.locate('extent', page, count)
    this.#report.count(count, 0, contentBytes)
  }
}
