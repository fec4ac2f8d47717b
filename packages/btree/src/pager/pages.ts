import type { Syncable } from '@ldb/base'
import type { PageCache, PageSpace } from '@ldb/cache'
import type { UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import { Dictionaries } from '../dictionary/dictionaries.js'
import type { EncodedValues } from '../extents/encoded-values.js'
import { ExtentFile } from '../extents/extent-file.js'
import { LargeValues } from '../extents/large-values.js'
import { OverflowExtents } from '../extents/overflow-extents.js'
import type { MetaRewrite } from '../file/meta-rewrite.js'
import { PageCopies } from '../page/copies.js'
import { arenasOf } from '../page/arenas.js'
import type { PageArenas } from '../page/arenas.js'
import { PageMemory } from '../page/memory.js'
import type { PageLimits } from '../page/memory.js'
import type { FreeSpace } from '../space/free-space.js'
import type { Reclaim } from '../space/reclaim.js'
import { SLICE_FORGOTTEN } from '../space/time-slices.js'
import { CheckedPages } from './checked-pages.js'
import { EpochCounter } from './epoch-counter.js'
import type { FramePins } from './frame-pins.js'
import { PageAllocator } from './page-allocator.js'
import { PageReader } from './page-reader.js'
import { PendingChecksums } from './pending-checksums.js'
import { WriteBack } from './write-back.js'

/** The open file that the pages belong to. @internal */
export interface PagesFile {
  readonly file: VfsFile
  readonly codec: UnitCodec
  readonly metaRewrite: MetaRewrite
  readonly freeSpace: FreeSpace
  /** Epoch of the newest checkpoint in the file. The tree continues in the next one. */
  readonly durableEpoch: number
  /** Overflow extents that the tree refers to. */
  readonly extentCount: number
  readonly encodedValues: EncodedValues
  /** Encoded reference to the extent of the dictionaries in the newest checkpoint. */
  readonly dictionaries: Uint8Array
  /** Makes the entries of a new file durable; `undefined` when they are. */
  readonly newEntries: Syncable | undefined
}

/** The scratch page of each cache. All trees of the cache share it: a page is rebuilt without interruption. */
const scratchPages: WeakMap<PageCache, Uint8Array> = new WeakMap()

function scratchOf(cache: PageCache): Uint8Array {
  const known = scratchPages.get(cache)
  if (known !== undefined) return known
  const bytes = new Uint8Array(cache.pageBytes)
  scratchPages.set(cache, bytes)
  return bytes
}

/**
 * The pages of one file: the parts that read, allocate and write them, constructed in the order of their dependencies.
 *
 * @internal
 */
export class Pages {
  readonly file: VfsFile
  /** Encodes and decodes everything that is written to the file and read from it. */
  readonly codec: UnitCodec
  readonly metaRewrite: MetaRewrite
  /** Makes the entries of a new file durable; performed by its first checkpoint. */
  readonly newEntries: Syncable | undefined
  readonly freeSpace: FreeSpace
  readonly epoch: EpochCounter
  readonly pendingChecksums: PendingChecksums = new PendingChecksums()
  /** Compresses and decompresses large values. */
  readonly encodedValues: EncodedValues
  /** Reads overflow extents from the file. */
  readonly extentFile: ExtentFile
  /** The arenas of the cache. */
  readonly arenas: PageArenas
  readonly limits: PageLimits
  /** Size of the cache, in bytes. */
  readonly cacheBytes: number
  readonly writeBack: WriteBack
  readonly space: PageSpace
  readonly reader: PageReader
  readonly values: LargeValues
  readonly allocator: PageAllocator
  readonly reclaim: Reclaim
  readonly pins: FramePins
  /** Writes and retires overflow extents. */
  readonly extents: OverflowExtents
  /** Decodes values that are encoded with dictionaries. */
  readonly dictionaries: Dictionaries
  /** Private copies of leaves for cursors. */
  readonly copies: PageCopies

  constructor(cache: PageCache, source: PagesFile) {
    const { pageBytes } = cache
    const { file, codec, metaRewrite, freeSpace, durableEpoch, encodedValues } = source
    this.cacheBytes = cache.frameCount * pageBytes
    const { pendingChecksums } = this
    const epoch = new EpochCounter(durableEpoch + 1)
    const checkedPages = new CheckedPages()
    this.file = file
    this.codec = codec
    this.metaRewrite = metaRewrite
    this.newEntries = source.newEntries
    this.freeSpace = freeSpace
    this.epoch = epoch
    this.encodedValues = encodedValues
    this.extentFile = new ExtentFile({ file, codec, freeSpace, epoch, encodedValues }, pageBytes)
    const { trailerBytes } = codec
    const scratch = new PageMemory(scratchOf(cache), pageBytes, this.extentFile, undefined, trailerBytes)
    const arenas = arenasOf(cache, this.extentFile, scratch)
    this.arenas = arenas
    this.limits = arenas.limits
    this.copies = new PageCopies(pageBytes, this.extentFile, trailerBytes)
    this.writeBack = new WriteBack(arenas, { file, codec, metaRewrite, pendingChecksums, checkedPages })
    this.space = cache.attach(this.writeBack)
    this.reader = new PageReader(arenas, this.space, {
      file,
      codec,
      freeSpace,
      epoch,
      pendingChecksums,
      checkedPages,
    })
    this.values = new LargeValues(this.extentFile, this.reader, cache)
    this.allocator = new PageAllocator(this.reader, {
      freeSpace,
      epoch,
      durableEpoch,
      pendingChecksums,
      values: this.values,
    })
    this.pins = this.allocator.pins
    this.reclaim = this.allocator.reclaim
    const { reclaim } = this
    const extentParts = { freeSpace, reclaim, epoch, metaRewrite, encodedValues }
    this.extents = new OverflowExtents(this.extentFile, extentParts, source.extentCount)
    this.dictionaries = new Dictionaries(source.dictionaries, {
      filePath: file.path,
      extentFile: this.extentFile,
      extents: this.extents,
    })
  }

  /** Drops some of the pending checksums that all parents record. Returns true when none of them is left. */
  dropPropagatedChecksums(): boolean {
    return this.pendingChecksums.forget(this.reclaim.oldestPin, SLICE_FORGOTTEN)
  }
}
