import { assert, corruption, VALUE_BYTES_MAX } from '@ldb/base'
import { xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import {
  OVERFLOW_EXTENT_BYTES,
  OVERFLOW_EXTENT_CHECKSUM_OFFSET,
  OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET,
  OVERFLOW_EXTENT_EPOCH_OFFSET,
  OVERFLOW_EXTENT_KIND_OFFSET,
  OVERFLOW_EXTENT_PAGE_NUMBER_OFFSET,
  PageKind,
  EXTENT_REFERENCE_BYTES,
  EXTENT_REFERENCE_CHECKSUM_OFFSET,
  EXTENT_REFERENCE_CONTENT_BYTES_OFFSET,
  EXTENT_REFERENCE_EPOCH_OFFSET,
  EXTENT_REFERENCE_PAGE_OFFSET,
  extentPageCount,
} from '../format.js'
import type { MetaRewrite } from '../file/meta-rewrite.js'
import type { FreeSpace } from '../space/free-space.js'
import type { PageMemory, ExtentReader } from '../page/memory.js'
import type { Reclaim } from '../space/reclaim.js'
import { uninitializedBytes } from '#unset-bytes'

/** Runs up to this size are put together in one buffer and written with one call. */
const ASSEMBLE_BYTES_MAX = 65_536

/** What runs need of the file that they stand in. */
interface RunHome {
  readonly file: VfsFile
  readonly seed: Seed64
  readonly freeSpace: FreeSpace
  readonly reclaim: Reclaim
  readonly epoch: number
  readonly metaRewrite: Pick<MetaRewrite, 'sync' | 'fileSync'>
}

/** A run reference, decoded. @internal */
export interface ExtentReference {
  readonly page: number
  readonly contentBytes: number
  readonly epoch: number
  readonly checksumLow: number
  readonly checksumHigh: number
}

/**
 * Values and keys too long for a page, each in a run of contiguous pages.
 *
 * @remarks A run is written to the file when it is made, to pages that nothing durable reaches, and is never changed;
 * the sync of the next checkpoint makes it durable. What is read here comes from the file; `LargeValues` keeps values in
 * the cache.
 * @internal
 */
export class OverflowExtents implements ExtentReader {
  /** Runs that the present tree refers to. */
  count = 0
  readonly #home: RunHome
  readonly #pageBytes: number
  readonly #header = new Uint8Array(OVERFLOW_EXTENT_BYTES + 8)
  readonly #headerView: DataView = new DataView(this.#header.buffer)
  readonly #hash = new Int32Array(2)
  readonly #reference = new Uint8Array(EXTENT_REFERENCE_BYTES)
  readonly #referenceView: DataView = new DataView(this.#reference.buffer)

  constructor(home: RunHome, pageBytes: number) {
    this.#home = home
    this.#pageBytes = pageBytes
  }

  /** Writes `content[start..end)` to a new run and gives its reference: bytes that the next call changes. */
  write(content: Uint8Array, start: number, end: number): Uint8Array {
    const home = this.#home
    const contentBytes = end - start
    const pages = extentPageCount(contentBytes, this.#pageBytes)
    const page = home.freeSpace.allocateExtent(pages)
    try {
      home.metaRewrite.sync()
      this.#encodeHeader(page, contentBytes, home.epoch)
      xxHash64(content, start, end, home.seed, this.#hash)
      this.#sealHeader()
      this.#writeOut(page, content, start, end)
      home.metaRewrite.fileSync.noteWritten(contentBytes)
    } catch (error) {
      home.freeSpace.free(page, pages)
      throw error
    }
    this.count += 1
    const view = this.#referenceView
    view.setUint32(EXTENT_REFERENCE_PAGE_OFFSET, page, true)
    view.setUint32(EXTENT_REFERENCE_CONTENT_BYTES_OFFSET, contentBytes, true)
    setEpoch(view, EXTENT_REFERENCE_EPOCH_OFFSET, home.epoch)
    this.#reference.set(this.#header.subarray(0, 8), EXTENT_REFERENCE_CHECKSUM_OFFSET)
    return this.#reference
  }

  /** Returns the content of the run whose reference stands at `memory.bytes[offset]`, from the file, checked. */
  readExtent(memory: PageMemory, offset: number): Uint8Array {
    return this.read(decodeReference(memory.bytes, offset))
  }

  /**
   * Returns the content of a run, from the file, checked.
   *
   * @throws {@link LdbError} LDB_CORRUPTION when it is not what the reference says.
   */
  read(reference: ExtentReference): Uint8Array {
    return this.readWhole(reference).subarray(OVERFLOW_EXTENT_BYTES)
  }

  /** Returns the same with the header in front of it, as it stands in the file. */
  readWhole(reference: ExtentReference): Uint8Array {
    const home = this.#home
    const pageBytes = this.#pageBytes
    const { page, contentBytes } = reference
    const fileOffset = page * pageBytes
    const pages = extentPageCount(contentBytes, pageBytes)
    if (
      page < home.freeSpace.firstPage ||
      pages > home.freeSpace.pageCount - page ||
      contentBytes > VALUE_BYTES_MAX
    ) {
      throw corruption(home.file.path, fileOffset, 'a run lies outside of the file', { actual: page })
    }
    if (reference.epoch > home.epoch) {
      throw corruption(home.file.path, fileOffset, 'the epoch of a run has not begun', {
        actual: reference.epoch,
      })
    }
    const bytes = uninitializedBytes(OVERFLOW_EXTENT_BYTES + contentBytes)
    const bytesRead = home.file.read(bytes, 0, bytes.length, fileOffset)
    if (bytesRead !== bytes.length) {
      throw corruption(home.file.path, fileOffset, 'the file ends within a run', {
        expected: bytes.length,
        actual: bytesRead,
      })
    }
    this.#sealReference(reference, bytes, OVERFLOW_EXTENT_BYTES)
    for (let index = 0; index < OVERFLOW_EXTENT_BYTES; index += 1) {
      if (bytes[index] !== this.#header[index]) {
        throw corruption(home.file.path, fileOffset + index, 'a run does not match its checksum')
      }
    }
    if (!this.#isSealOf(reference)) {
      throw corruption(home.file.path, fileOffset, 'a run is not the version that its record knows')
    }
    return bytes
  }

  /** Reports whether `content` is that of a run. */
  isWhole(reference: ExtentReference, content: Uint8Array): boolean {
    this.#sealReference(reference, content, 0)
    return this.#isSealOf(reference)
  }

  /** Gives up the run whose reference stands at `bytes[offset]`. */
  retire(bytes: Uint8Array, offset: number): void {
    const { page, contentBytes, epoch } = decodeReference(bytes, offset)
    const home = this.#home
    assert(this.count > 0, 'a run that is given up was counted')
    this.count -= 1
    home.reclaim.retire(page, extentPageCount(contentBytes, this.#pageBytes), epoch, home.epoch)
  }

  #encodeHeader(page: number, contentBytes: number, epoch: number): void {
    const view = this.#headerView
    this.#header.fill(0)
    view.setUint32(OVERFLOW_EXTENT_PAGE_NUMBER_OFFSET, page, true)
    view.setUint8(OVERFLOW_EXTENT_KIND_OFFSET, PageKind.Extent)
    setEpoch(view, OVERFLOW_EXTENT_EPOCH_OFFSET, epoch)
    view.setUint32(OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET, contentBytes, true)
  }

  /** Makes the header that the run of a reference has when `bytes[start..)` is its content. */
  #sealReference(reference: ExtentReference, bytes: Uint8Array, start: number): void {
    this.#encodeHeader(reference.page, reference.contentBytes, reference.epoch)
    xxHash64(bytes, start, bytes.length, this.#home.seed, this.#hash)
    this.#sealHeader()
  }

  #isSealOf(reference: ExtentReference): boolean {
    const view = this.#headerView
    return (
      view.getInt32(OVERFLOW_EXTENT_CHECKSUM_OFFSET, true) === reference.checksumLow &&
      view.getInt32(OVERFLOW_EXTENT_CHECKSUM_OFFSET + 4, true) === reference.checksumHigh
    )
  }

  /** Completes the header with the checksum over it and the hash of the content, which stands in `#hash`. */
  #sealHeader(): void {
    const view = this.#headerView
    view.setInt32(OVERFLOW_EXTENT_BYTES, this.#hash[0] as number, true)
    view.setInt32(OVERFLOW_EXTENT_BYTES + 4, this.#hash[1] as number, true)
    xxHash64(this.#header, 8, OVERFLOW_EXTENT_BYTES + 8, this.#home.seed, this.#hash)
    view.setInt32(OVERFLOW_EXTENT_CHECKSUM_OFFSET, this.#hash[0] as number, true)
    view.setInt32(OVERFLOW_EXTENT_CHECKSUM_OFFSET + 4, this.#hash[1] as number, true)
  }

  #writeOut(page: number, content: Uint8Array, start: number, end: number): void {
    const { file } = this.#home
    const fileOffset = page * this.#pageBytes
    const bytes = OVERFLOW_EXTENT_BYTES + (end - start)
    if (bytes > ASSEMBLE_BYTES_MAX) {
      file.write(this.#header, 0, OVERFLOW_EXTENT_BYTES, fileOffset)
      file.write(content, start, end - start, fileOffset + OVERFLOW_EXTENT_BYTES)
      return
    }
    const whole = new Uint8Array(bytes)
    whole.set(this.#header.subarray(0, OVERFLOW_EXTENT_BYTES))
    whole.set(content.subarray(start, end), OVERFLOW_EXTENT_BYTES)
    file.write(whole, 0, bytes, fileOffset)
  }
}

/** Decodes the run reference at `bytes[offset]`, which may have any alignment. @internal */
export function decodeReference(bytes: Uint8Array, offset: number): ExtentReference {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, EXTENT_REFERENCE_BYTES)
  return {
    page: view.getUint32(EXTENT_REFERENCE_PAGE_OFFSET, true),
    contentBytes: view.getUint32(EXTENT_REFERENCE_CONTENT_BYTES_OFFSET, true),
    epoch:
      view.getUint32(EXTENT_REFERENCE_EPOCH_OFFSET + 4, true) * 2 ** 32 +
      view.getUint32(EXTENT_REFERENCE_EPOCH_OFFSET, true),
    checksumLow: view.getInt32(EXTENT_REFERENCE_CHECKSUM_OFFSET, true),
    checksumHigh: view.getInt32(EXTENT_REFERENCE_CHECKSUM_OFFSET + 4, true),
  }
}

function setEpoch(view: DataView, offset: number, epoch: number): void {
  view.setUint32(offset, epoch % 2 ** 32, true)
  view.setUint32(offset + 4, Math.floor(epoch / 2 ** 32), true)
}
