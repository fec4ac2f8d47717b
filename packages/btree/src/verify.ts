import { compareBytes, isLdbError } from '@ldb/base'
import type { VerifyFinding, VerifySink } from '@ldb/base'
import { xxHash64 } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import { firstPageNumber, META_BLOCK_BYTES, META_STRIDE, runPageCount, VALUE_FIELD_BYTES } from './format.js'
import { readFreeSpace } from './file/free-space-pages.js'
import { blockOf, decodeMeta, readMeta } from './file/meta.js'
import type { Meta } from './file/meta.js'
import { checksumHigh, checksumLow, isEdge, pageEpoch, prefixBytes, slotCount } from './page/page.js'
import { checkTreePage } from './page/check.js'
import { sharedBytes } from './page/prefix.js'
import { PageMemory } from './page/memory.js'
import { decodeReference } from './extents/extent-reference.js'
import {
  firstKeyedSlot,
  childChecksumHigh,
  childChecksumLow,
  childOf,
  copyKey,
  keyOffset,
  keyPartBytes,
  recordOffset,
  slotKeyBytes,
  valueIsExtent,
} from './page/record.js'
import type { TreeState } from './write/tree-state.js'

/** Pages between two reports of progress. */
const PROGRESS_PAGES = 256

/** A page as its parent knows it. */
interface Expected {
  readonly pageNumber: number
  readonly level: number
  readonly low: number
  readonly high: number
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
  /** The range is not known, because a separator could not be read. */
  readonly isBlind: boolean
}

/**
 * Walks everything that the present tree reaches, and the last checkpoint's meta block and free space.
 *
 * @remarks Pages that are not changed in memory are read from the file, whether they are resident or not: a page that
 * rots under the cache is found. Every key, checksum and run is looked at; every page of the file is accounted for.
 * @internal
 */
export class TreeVerifier {
  readonly #tree: TreeState
  readonly #meta: Meta
  readonly #bitmapPages: readonly number[]
  readonly #sink: VerifySink
  readonly #reached: Uint8Array
  readonly #hash = new Int32Array(2)
  #entries = 0
  #runs = 0
  #findings = 0
  #progress = { units: 0, entries: 0, bytes: 0 }

  constructor(state: TreeState, meta: Meta, bitmapPages: readonly number[], sink: VerifySink) {
    this.#tree = state
    this.#meta = meta
    this.#bitmapPages = bitmapPages
    this.#sink = sink
    this.#reached = new Uint8Array(state.pages.freeSpace.pageCount)
  }

  run(): void {
    const { memory } = this.#tree
    this.#verifyMeta()
    this.#verifyPage({
      pageNumber: this.#tree.root.page,
      level: this.#tree.root.level,
      low: this.#tree.root.checksumLow,
      high: this.#tree.root.checksumHigh,
      lower: undefined,
      upper: undefined,
      isBlind: false,
    })
    // Where a part of the tree cannot be read, what it reaches is not known, and nothing else adds up either.
    if (this.#findings === 0) {
      this.#verifyAccounts()
      if (this.#entries !== this.#tree.entryCount) {
        this.#report(
          'count',
          0,
          `the tree holds ${this.#entries} entries and counts ${this.#tree.entryCount}`,
        )
      }
      const { count } = this.#tree.pages.extents
      if (this.#runs !== count)
        this.#report('count', 0, `the tree holds ${this.#runs} runs and counts ${count}`)
    }
    this.#note(0, 0, memory.pageBytes * firstPageNumber(memory.pageBytes), true)
  }

  #verifyMeta(): void {
    const { file, seed, metaRewrite } = this.#tree.pages
    const block = blockOf(this.#meta.checkpoint)
    this.#guard(block * META_STRIDE, () => {
      // As long as nothing was written, the spare block may be the one that was found.
      const meta = metaRewrite.isDone ? readBlock(file, block) : readMeta(file)
      if (meta.checkpoint !== this.#meta.checkpoint) {
        this.#report('structure', block * META_STRIDE, 'the meta block is not the one last written')
      }
      readFreeSpace(file, seed, meta, firstPageNumber(meta.pageBytes))
    })
    for (const page of this.#bitmapPages) this.#reach(page, 1)
    this.#note(this.#bitmapPages.length, 0, this.#bitmapPages.length * this.#meta.pageBytes)
  }

  #verifyPage(expected: Expected): void {
    const { pages } = this.#tree
    const { pageBytes } = pages.memory
    const offset = expected.pageNumber * pageBytes
    if (!this.#reach(expected.pageNumber, 1)) return
    let page: PageMemory | undefined
    this.#guard(offset, () => {
      page = this.#readPage(expected)
    })
    if (page === undefined) return
    const fault =
      checkTreePage(page, 0, expected.pageNumber, expected.level) ??
      checkFences(page, expected) ??
      pages.epoch.faultOf(pageEpoch(page, 0))
    if (fault !== undefined) {
      this.#report('structure', offset, fault)
      return
    }
    const copy = page
    const isReadable = this.#guard(offset, () => {
      this.#verifyKeys(copy, expected, offset)
    })
    if (expected.level === 0) this.#verifyValues(page, offset)
    else this.#verifyChildren(page, expected, expected.isBlind || !isReadable)
    this.#note(1, expected.level === 0 ? slotCount(page, 0) : 0, pageBytes)
  }

  /** Returns a copy of a page: of the one in memory if that is newer than the file, else of the one in the file. */
  #readPage(expected: Expected): PageMemory | undefined {
    const { pages } = this.#tree
    const { memory, space, file } = pages
    const { pageBytes } = memory
    const { pageNumber } = expected
    const copy = new PageMemory(new Uint8Array(pageBytes), pageBytes, pages.extentFile)
    const frame = space.peek(pageNumber)
    if (frame >= 0 && space.isDirty(frame)) {
      copy.bytes.set(memory.bytes.subarray(frame * pageBytes, (frame + 1) * pageBytes))
      return copy
    }
    const offset = pageNumber * pageBytes
    if (file.read(copy.bytes, 0, pageBytes, offset) !== pageBytes) {
      this.#report('missing', offset, 'the file ends within a page')
      return undefined
    }
    xxHash64(copy.bytes, 8, pageBytes, pages.seed, this.#hash)
    const [low, high] = [this.#hash[0], this.#hash[1]]
    if (low !== checksumLow(copy, 0) || high !== checksumHigh(copy, 0)) {
      this.#report('checksum', offset, 'a page does not match its checksum')
      return undefined
    }
    const written = pages.pendingChecksums.get(pageNumber)
    if (low !== (written?.low ?? expected.low) || high !== (written?.high ?? expected.high)) {
      this.#report('checksum', offset, 'a page is not the version that its parent knows')
      return undefined
    }
    return copy
  }

  /** Reads long keys whole, and compares those that the page alone could not tell apart. */
  #verifyKeys(page: PageMemory, expected: Expected, offset: number): void {
    const count = slotCount(page, 0)
    let wasLong = false
    for (let slot = firstKeyedSlot(page, 0); slot < count; slot += 1) {
      const isLong = slotKeyBytes(page, 0, slot) > page.keyPartMax
      if (isLong) this.#verifyLongKey(page, slot, offset)
      if ((isLong || wasLong) && slot > firstKeyedSlot(page, 0)) {
        if (compareBytes(copyKey(page, 0, slot - 1), copyKey(page, 0, slot)) >= 0) {
          this.#report('order', offset, 'the keys are not in order')
        }
      }
      wasLong = isLong
    }
    const first = firstKeyedSlot(page, 0)
    if (count <= first) return
    const { lower, upper, isBlind } = expected
    if (isBlind) return
    if (lower !== undefined && compareBytes(copyKey(page, 0, first), lower) < 0) {
      this.#report('order', offset, 'a key stands below the range of its page')
    }
    if (upper !== undefined && compareBytes(copyKey(page, 0, count - 1), upper) >= 0) {
      this.#report('order', offset, 'a key stands above the range of its page')
    }
  }

  #verifyLongKey(page: PageMemory, slot: number, offset: number): void {
    const at = keyOffset(page, 0, slot)
    const key = copyKey(page, 0, slot)
    const inline = page.bytes.subarray(at, at + page.keyInlineBytes)
    const begin = key.subarray(0, page.keyInlineBytes)
    if (key.length !== slotKeyBytes(page, 0, slot) || compareBytes(begin, inline) !== 0) {
      this.#report('structure', offset, 'a long key does not begin as its record says')
    }
    this.#reachRun(page.bytes, at + page.keyInlineBytes)
  }

  #verifyValues(page: PageMemory, offset: number): void {
    const count = slotCount(page, 0)
    this.#entries += count
    for (let slot = 0; slot < count; slot += 1) {
      const record = recordOffset(page, 0, slot)
      if (!valueIsExtent(page, record)) continue
      const at = record + VALUE_FIELD_BYTES + keyPartBytes(page, slotKeyBytes(page, 0, slot))
      this.#guard(offset, () => {
        this.#tree.pages.extentFile.readExtent(page, at)
      })
      this.#reachRun(page.bytes, at)
    }
  }

  #verifyChildren(page: PageMemory, expected: Expected, isBlind: boolean): void {
    const count = slotCount(page, 0)
    for (let slot = 0; slot < count; slot += 1) {
      this.#verifyPage({
        pageNumber: childOf(page, 0, slot),
        level: expected.level - 1,
        low: childChecksumLow(page, 0, slot),
        high: childChecksumHigh(page, 0, slot),
        lower: isBlind || slot === 0 ? expected.lower : copyKey(page, 0, slot),
        upper: isBlind || slot + 1 === count ? expected.upper : copyKey(page, 0, slot + 1),
        isBlind,
      })
    }
  }

  /** Every page is reached, free or held, and only one of them (B2). */
  #verifyAccounts(): void {
    const { freeSpace, reclaim, memory } = this.#tree.pages
    reclaim.forEachHeld((page, count) => this.#reach(page, count))
    for (let page = freeSpace.firstPage; page < freeSpace.pageCount; page += 1) {
      const isReached = this.#reached[page] !== 0
      if (isReached && freeSpace.isFree(page)) {
        this.#report('structure', page * memory.pageBytes, `page ${page} is in use and free at once`)
      } else if (!isReached && !freeSpace.isFree(page)) {
        this.#report('leak', page * memory.pageBytes, `page ${page} is neither in use nor free`)
      }
    }
  }

  #reachRun(bytes: Uint8Array, at: number): void {
    const { page, contentBytes } = decodeReference(bytes, at)
    const pages = runPageCount(contentBytes, this.#meta.pageBytes)
    this.#runs += 1
    this.#reach(page, pages)
    this.#note(pages, 0, contentBytes)
  }

  /** Notes that pages are in use; gives false, and reports it, when they are already or lie outside of the file. */
  #reach(page: number, count: number): boolean {
    const reached = this.#reached
    for (let each = page; each < page + count; each += 1) {
      if (each >= reached.length || reached[each] !== 0) {
        this.#report(
          'structure',
          each * this.#meta.pageBytes,
          `page ${each} is reached twice or lies outside of the file`,
        )
        return false
      }
      reached[each] = 1
    }
    return true
  }

  /** Runs a part of the walk; what it throws becomes a finding, and the walk goes on. Gives false when it threw. */
  #guard(offset: number, part: () => void): boolean {
    try {
      part()
      return true
    } catch (error) {
      if (!isLdbError(error)) throw error
      const kind = error.code === 'LDB_IO' ? 'io' : 'checksum'
      this.#report(kind, error.details.offset ?? offset, error.message)
      return false
    }
  }

  #report(kind: VerifyFinding['kind'], offset: number, message: string): void {
    this.#findings += 1
    this.#sink.finding({ kind, file: this.#tree.pages.file.path, offset, message })
  }

  #note(units: number, entries: number, bytes: number, isLast: boolean = false): void {
    const progress = this.#progress
    progress.units += units
    progress.entries += entries
    progress.bytes += bytes
    if (progress.units < PROGRESS_PAGES && !isLast) return
    this.#progress = { units: 0, entries: 0, bytes: 0 }
    this.#sink.progress(progress)
  }
}

function readBlock(file: VfsFile, block: number): Meta {
  const bytes = new Uint8Array(META_BLOCK_BYTES)
  file.read(bytes, 0, META_BLOCK_BYTES, block * META_STRIDE)
  return decodeMeta(bytes, file.path, block)
}

/** A page that is not at an edge has the prefix that its fences share; an edge page lacks one of them. */
function checkFences(page: PageMemory, expected: Expected): string | undefined {
  const { lower, upper, isBlind } = expected
  if (isEdge(page, 0) || isBlind) return undefined
  if (lower === undefined || upper === undefined) return 'a page at the edge of the tree does not say so'
  const shared = sharedBytes(lower, upper, page.prefixMax)
  return prefixBytes(page, 0) > shared ? 'the prefix of a page is longer than that of its range' : undefined
}
