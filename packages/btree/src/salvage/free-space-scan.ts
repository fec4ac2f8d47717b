import { readU32, readU64 } from '@ldb/base'
import { UnitKind } from '@ldb/integrity'
import type { UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import { pagesPerBitmap } from '../file/free-space-pages.js'
import { readFreeSpace } from '../file/free-space-reading.js'
import {
  firstPageNumber,
  FREE_SPACE_PAGE_BITS_OFFSET,
  FREE_SPACE_PAGE_FIRST_PAGE_OFFSET,
  PAGE_HEADER_EPOCH_OFFSET,
  PAGE_HEADER_KIND_OFFSET,
  PageKind,
} from '../format.js'
import { FreeSpace } from '../space/free-space.js'
import { readIntactPage } from './candidates.js'
import type { FoundTree } from './candidates.js'

/** The free space of the checkpoint that a salvage reads. */
export interface SalvagedFreeSpace {
  readonly freeSpace: FreeSpace
  /** The epoch that the checkpoint ended. */
  readonly epoch: number
}

/**
 * Returns the free space of the newest checkpoint: that of the meta block; where it is damaged, or a newer checkpoint may exist, what a
 * scan of the file finds.
 *
 * @returns `undefined` when a part of it is lost.
 */
export function salvageFreeSpace(file: VfsFile, tree: FoundTree): SalvagedFreeSpace | undefined {
  const { codec, meta, isNewest } = tree
  const read = meta && readFreeSpace(file, codec, meta)
  const own =
    meta && read?.fault === undefined ? read && { freeSpace: read.freeSpace, epoch: meta.epoch } : undefined
  if (own !== undefined && isNewest) return own
  const scan = new FreeSpaceScan(file, tree)
  if (meta === undefined || !isNewest) {
    const newest = scan.newest()
    if (newest !== undefined && newest.epoch > (meta?.epoch ?? 0)) return newest
  }
  return own ?? (meta && scan.ofEpoch(meta.epoch, meta.pageCount))
}

/** Epochs that are tried for the free-space pages of an encrypted file without its newest meta block. */
const TRIED_EPOCHS = 16

/** The intact free-space pages of a file, by their epoch and by the first page that they describe. */
class FreeSpaceScan {
  readonly #file: VfsFile
  readonly #codec: UnitCodec
  readonly #pageBytes: number
  /** End of the bits of a page. */
  readonly #pageEnd: number
  readonly #pageCount: number
  /** By epoch and first described page: a page, its mirror or both. */
  readonly #found = new Map<number, Map<number, number[]>>()

  constructor(file: VfsFile, { codec, pageBytes, meta }: FoundTree) {
    this.#file = file
    this.#codec = codec
    this.#pageBytes = pageBytes
    this.#pageEnd = pageBytes - codec.trailerBytes
    this.#pageCount = Math.floor(file.length() / pageBytes)
    const bytes = new Uint8Array(pageBytes)
    const epochs = codec.cipher === undefined ? [0] : this.#triedEpochs(bytes, meta)
    for (let page = firstPageNumber(pageBytes); page < this.#pageCount; page += 1) {
      if (!epochs.some((each) => this.#read(bytes, page, each))) continue
      const kind = bytes[PAGE_HEADER_KIND_OFFSET]
      if (kind !== PageKind.FreeSpace && kind !== PageKind.FreeSpaceMirror) continue
      const epoch = readU64(bytes, PAGE_HEADER_EPOCH_OFFSET)
      const ofEpoch = this.#found.get(epoch) ?? new Map<number, number[]>()
      this.#found.set(epoch, ofEpoch)
      const first = readU32(bytes, FREE_SPACE_PAGE_FIRST_PAGE_OFFSET)
      ofEpoch.set(first, [...(ofEpoch.get(first) ?? []), page])
    }
  }

  /** Returns the free space of the greatest epoch of which every page was found. */
  newest(): SalvagedFreeSpace | undefined {
    const epochs = [...this.#found.keys()].sort((left, right) => right - left)
    for (const epoch of epochs) {
      const found = this.ofEpoch(epoch, this.#pageCount)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Returns the free space of an epoch, if every page was found. */
  ofEpoch(epoch: number, pageCount: number): SalvagedFreeSpace | undefined {
    const pages = this.#found.get(epoch)
    if (pages === undefined) return undefined
    const freeSpace = FreeSpace.ofFile(this.#pageBytes, pageCount)
    const bytes = new Uint8Array(this.#pageBytes)
    for (let first = 0; first < pageCount; first += pagesPerBitmap(this.#pageEnd)) {
      if (!(pages.get(first) ?? []).some((page) => this.#read(bytes, page, epoch))) return undefined
      freeSpace.readBits(first, bytes, FREE_SPACE_PAGE_BITS_OFFSET, this.#pageEnd)
    }
    return { freeSpace, epoch }
  }

  /** Reads a page. An encrypted free-space page is bound to the epoch of its checkpoint. */
  #read(bytes: Uint8Array, page: number, epoch: number): boolean {
    return readIntactPage(this.#file, this.#codec, bytes, page, UnitKind.FreeSpacePage, epoch)
  }

  /** Returns epochs that the newest checkpoint may have: those around the newest page of the tree. */
  #triedEpochs(bytes: Uint8Array, meta: FoundTree['meta']): number[] {
    let newest = meta?.epoch ?? 0
    for (let page = firstPageNumber(this.#pageBytes); page < this.#pageCount; page += 1) {
      if (!readIntactPage(this.#file, this.#codec, bytes, page)) continue
      newest = Math.max(newest, readU64(bytes, PAGE_HEADER_EPOCH_OFFSET))
    }
    const epochs = Array.from({ length: TRIED_EPOCHS }, (_, index) => newest + index)
    return meta === undefined || meta.epoch === newest ? epochs : [...epochs, meta.epoch]
  }
}
