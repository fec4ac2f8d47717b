import { compareBytes, isLdbError } from '@ldb/base'
import type { LdbError, SalvageSink } from '@ldb/base'
import type { CodecTable } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import { EncodedValues } from '../extents/encoded-values.js'
import { ExtentFile } from '../extents/extent-file.js'
import type { Dictionaries } from '../dictionary/dictionaries.js'
import { decodeReference } from '../extents/extent-reference.js'
import { ValueSlab } from '../extents/value-slab.js'
import { hasDictionaries } from '../file/meta.js'
import { readStoredPage } from '../file/stored-page.js'
import { extentPageCount, firstPageNumber, LEVELS_MAX, VALUE_FIELD_BYTES } from '../format.js'
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
  valueIsEncoded,
  valueIsIndirect,
  valuePartBytes,
} from '../page/record.js'
import { readIntactPage } from './candidates.js'
import type { FoundTree } from './candidates.js'
import { findOrphans } from './census.js'
import type { Orphans } from './census.js'
import { salvageFreeSpace } from './free-space-scan.js'
import type { SalvagedFreeSpace } from './free-space-scan.js'
import { foundDictionaries } from './found-dictionaries.js'
import { newestOf } from './overlapping-leaves.js'
import type { TreeSalvageReport } from './report.js'

/** A subtree that could not be read, because the page at its top is damaged. */
interface LostBranch {
  readonly page: number
  readonly message: string
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
}

/** A page as its parent describes it; without a checksum, its own is the only evidence. */
interface Expected {
  readonly page: number
  readonly level: number
  readonly checksum: { readonly low: number; readonly high: number } | undefined
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
}

/** One salvage of a file. @internal */
export class TreeSalvage {
  readonly #file: VfsFile
  readonly #tree: FoundTree
  readonly #sink: SalvageSink
  readonly #extents: ExtentFile
  /** One page buffer for each level. */
  readonly #memories: readonly PageMemory[]
  readonly #dictionaries: Dictionaries
  /** Receives decoded values. */
  readonly #slab: ValueSlab = new ValueSlab()
  /** 1 for each page that was visited. */
  readonly #visited: Uint8Array
  readonly #lostBranches: LostBranch[] = []
  readonly #free: SalvagedFreeSpace | undefined
  /** Epoch of the checkpoint: no page of it has a greater one. */
  readonly #epoch: number
  #entryCount = 0
  #damagedPageCount = 0

  /** @param codecs - those of values. */
  constructor(file: VfsFile, tree: FoundTree, sink: SalvageSink, codecs: CodecTable | undefined) {
    this.#file = file
    this.#sink = sink
    const { codec, pageBytes } = tree
    // A newer checkpoint than that of the meta block is known by its free-space pages only.
    const free = tree.isNewest ? undefined : salvageFreeSpace(file, tree)
    const isNewer = free !== undefined && free.epoch > (tree.meta?.epoch ?? 0)
    this.#tree = isNewer ? { ...tree, pageCount: free.freeSpace.pageCount, meta: undefined } : tree
    this.#free = free
    this.#epoch = free?.epoch ?? tree.meta?.epoch ?? Number.MAX_SAFE_INTEGER
    const { pageCount } = this.#tree
    this.#visited = new Uint8Array(pageCount)
    this.#extents = new ExtentFile(
      {
        file,
        codec,
        freeSpace: { firstPage: firstPageNumber(pageBytes), pageCount },
        epoch: { current: this.#epoch },
        // A lost meta block may be the first that says so.
        encodedValues: new EncodedValues('none', codecs, pageBytes, true),
      },
      pageBytes,
    )
    this.#memories = Array.from(
      { length: LEVELS_MAX },
      () =>
        new PageMemory(new Uint8Array(pageBytes), pageBytes, this.#extents, undefined, codec.trailerBytes),
    )
    this.#dictionaries = foundDictionaries(
      file,
      this.#extents,
      tree.meta,
      !isNewer,
      pageCount,
      this.#memories[0] as PageMemory,
      this.#epoch,
    )
  }

  run(): TreeSalvageReport {
    const { meta } = this.#tree
    if (hasDictionaries({ dictionaries: this.#dictionaries.reference }))
      this.#claimExtent(this.#dictionaries.reference, 0)
    if (meta === undefined) {
      this.#lostBranches.push({ page: 0, message: NO_META, lower: undefined, upper: undefined })
    } else {
      const checksum = { low: meta.rootChecksumLow, high: meta.rootChecksumHigh }
      const { rootPage: page, rootLevel: level } = meta
      this.#visit({ page, level, checksum, lower: undefined, upper: undefined })
    }
    const isComplete = this.#lostBranches.length === 0 || this.#adoptOrphans()
    const lostCount = meta === undefined ? undefined : meta.entryCount - this.#entryCount
    return {
      hasMeta: meta !== undefined,
      durableSeq: meta?.durableSeq,
      entryCount: this.#entryCount,
      lostCount: lostCount ?? (isComplete && this.#damagedPageCount === 0 ? 0 : undefined),
      damagedPageCount: this.#damagedPageCount,
    }
  }

  /** Reads a page and what is below it. Never throws for damage. */
  #visit(expected: Expected): void {
    const { page, level } = expected
    const memory = this.#memories[level] as PageMemory
    const fault = this.#claim(page)
      ? this.#read(expected, memory)
      : 'a page is reached twice or does not exist'
    if (fault !== undefined) {
      this.#lose(expected, fault)
      return
    }
    if (level === 0) this.#readEntries(memory, page)
    else this.#visitChildren(memory, expected)
  }

  #claim(page: number): boolean {
    if (page >= this.#visited.length || this.#visited[page] !== 0) return false
    this.#visited[page] = 1
    return true
  }

  #read({ page, level, checksum }: Expected, memory: PageMemory): string | undefined {
    const { codec } = this.#tree
    const fault =
      checksum === undefined
        ? readIntactPage(this.#file, codec, memory.bytes, page)
          ? undefined
          : 'a page does not match its checksum'
        : readStoredPage(this.#file, codec, memory, page, checksum)
    return (
      fault ??
      checkTreePage(memory, 0, page, level) ??
      (pageEpoch(memory, 0) > this.#epoch ? 'the epoch of a page has not begun' : undefined)
    )
  }

  #lose({ page, level, lower, upper }: Expected, message: string): void {
    this.#damagedPageCount += 1
    if (level > 0) {
      this.#lostBranches.push({ page, message, lower, upper })
      return
    }
    const offset = page * this.#tree.pageBytes
    this.#sink.loss({ file: this.#file.path, offset, message, lower, upper })
  }

  #visitChildren(memory: PageMemory, { page, level, lower, upper }: Expected): void {
    const count = slotCount(memory, 0)
    // The extents of separators are read before the buffers below are used.
    const separators = Array.from({ length: count }, (_, slot) => this.#separator(memory, page, slot))
    let below = lower
    for (let slot = 0; slot < count; slot += 1) {
      below = separators[slot] ?? below
      this.#visit({
        page: childOf(memory, 0, slot),
        level: level - 1,
        checksum: { low: childChecksumLow(memory, 0, slot), high: childChecksumHigh(memory, 0, slot) },
        lower: below,
        upper: separators.slice(slot + 1).find((each) => each !== undefined) ?? upper,
      })
    }
  }

  /** Returns the separator of a slot; `undefined` for the first, and for a long one that is damaged. */
  #separator(memory: PageMemory, page: number, slot: number): Uint8Array | undefined {
    if (slot < firstKeyedSlot(memory, 0)) return undefined
    try {
      return this.#readKey(memory, slot)
    } catch (error) {
      this.#assertDamage(error, page)
      return undefined
    }
  }

  #readKey(memory: PageMemory, slot: number): Uint8Array {
    if (slotKeyBytes(memory, 0, slot) > memory.keyPartMax) {
      this.#claimExtent(memory.bytes, keyOffset(memory, 0, slot) + memory.keyInlineBytes)
    }
    return copyKey(memory, 0, slot)
  }

  #readEntries(memory: PageMemory, page: number): void {
    const count = slotCount(memory, 0)
    for (let slot = 0; slot < count; slot += 1) {
      let key: Uint8Array | undefined
      try {
        key = this.#readKey(memory, slot)
        this.#sinkEntry(key, this.#readValue(memory, slot))
      } catch (error) {
        this.#assertDamage(error, page)
        this.#loseEntry(memory, slot, key, error)
      }
    }
  }

  #sinkEntry(key: Uint8Array, value: Uint8Array): void {
    this.#entryCount += 1
    this.#sink.entry(key, value)
  }

  #readValue(memory: PageMemory, slot: number): Uint8Array {
    const record = recordOffset(memory, 0, slot)
    const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, slotKeyBytes(memory, 0, slot))
    const valueBytes = valuePartBytes(memory, record)
    if (!valueIsIndirect(memory, record)) return memory.bytes.subarray(at, at + valueBytes)
    if (valueIsEncoded(memory, record))
      return this.#dictionaries.copyValue(memory, at, valueBytes, this.#slab)
    this.#claimExtent(memory.bytes, at)
    return this.#extents.readValue(memory, at)
  }

  /** Marks the pages of an extent, so that none of them counts as an orphan. */
  #claimExtent(bytes: Uint8Array, at: number): void {
    const { page, contentBytes } = decodeReference(bytes, at)
    const { codec, pageBytes } = this.#tree
    const pageCount = extentPageCount(contentBytes, pageBytes, codec.trailerBytes)
    const count = Math.min(pageCount, this.#visited.length - page)
    if (count > 0) this.#visited.fill(1, page, page + count)
  }

  #loseEntry(memory: PageMemory, slot: number, key: Uint8Array | undefined, error: LdbError): void {
    this.#damagedPageCount += 1
    const at = keyOffset(memory, 0, slot)
    const lower = key ?? memory.bytes.slice(at, at + memory.keyInlineBytes)
    const { offset = 0 } = error.details
    const upper = key === undefined ? undefined : Uint8Array.of(...key, 0)
    this.#sink.loss({ file: this.#file.path, offset, message: error.message, lower, upper })
  }

  #assertDamage(error: unknown, page: number): asserts error is LdbError {
    if (!isLdbError(error, 'LDB_CORRUPTION') || error.details.file !== this.#file.path || page < 0)
      throw error
  }

  /**
   * Reads the pages that only damaged pages refer to.
   *
   * @returns false when entries may be missing.
   */
  #adoptOrphans(): boolean {
    const free = this.#free ?? salvageFreeSpace(this.#file, this.#tree)
    const isLive = (page: number): boolean =>
      this.#visited[page] === 0 && free?.freeSpace.isFree(page) !== true
    const memory = this.#memories[LEVELS_MAX - 1] as PageMemory
    const orphans = findOrphans(this.#file, this.#tree, this.#extents, isLive, memory, this.#epoch)
    if (free === undefined) {
      this.#adoptNewest(orphans)
      return false
    }
    const { lower, upper } = boundsOf(this.#lostBranches)
    for (const { page, level } of orphans.pages) {
      if (this.#visited[page] === 0) this.#visit({ page, level, checksum: undefined, lower, upper })
    }
    const unreadable = orphans.unreadable.filter((page) => this.#visited[page] === 0)
    this.#damagedPageCount += unreadable.length
    const { meta } = this.#tree
    const isComplete = meta === undefined ? unreadable.length === 0 : meta.entryCount === this.#entryCount
    if (!isComplete && unreadable.length > 0) this.#loseBranches()
    return isComplete
  }

  /** Without free space it is unknown which orphans are live: of those with the same keys, the newest may be. */
  #adoptNewest({ pages }: Orphans): void {
    const { codec } = this.#tree
    const [memory] = this.#memories as [PageMemory]
    const leaves = pages.flatMap(({ page, level }) => {
      if (level > 0 || !readIntactPage(this.#file, codec, memory.bytes, page)) return []
      const last = slotCount(memory, 0) - 1
      const lower = last < 0 ? undefined : this.#separator(memory, page, 0)
      const upper = last < 0 ? undefined : this.#separator(memory, page, last)
      return lower === undefined || upper === undefined
        ? []
        : [{ page, epoch: pageEpoch(memory, 0), lower, upper }]
    })
    const lost = this.#lostBranches
    const inRange = leaves.filter((leaf) =>
      lost.some(
        ({ lower, upper }) =>
          (lower === undefined || compareBytes(lower, leaf.lower) <= 0) &&
          (upper === undefined || compareBytes(leaf.upper, upper) < 0),
      ),
    )
    for (const { page } of newestOf(inRange)) {
      this.#visit({ page, level: 0, checksum: undefined, lower: undefined, upper: undefined })
    }
    this.#loseBranches()
    for (const { lower, upper } of lost) {
      const message = 'the free space is damaged, too: entries may have been overwritten or deleted'
      this.#sink.doubt({ file: this.#file.path, message, lower, upper })
    }
  }

  #loseBranches(): void {
    for (const { page, message, lower, upper } of this.#lostBranches) {
      const offset = page * this.#tree.pageBytes
      this.#sink.loss({ file: this.#file.path, offset, message, lower, upper })
    }
  }
}

const NO_META = 'no meta block is intact'

/** Returns the range of the keys below a damaged branch, if there is only one: then all orphans are its. */
function boundsOf(branches: readonly LostBranch[]): Pick<LostBranch, 'lower' | 'upper'> {
  const [only] = branches
  return branches.length === 1 && only !== undefined ? only : { lower: undefined, upper: undefined }
}
