import { xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import {
  OVERFLOW_RUN_BYTES,
  OVERFLOW_RUN_CHECKSUM_OFFSET,
  OVERFLOW_RUN_CONTENT_BYTES_OFFSET,
  OVERFLOW_RUN_EPOCH_OFFSET,
  OVERFLOW_RUN_KIND_OFFSET,
  OVERFLOW_RUN_PAGE_NUMBER_OFFSET,
  PageKind,
} from '../format.js'
import { encodeEpoch } from './extent-reference.js'
import type { ExtentReference } from './extent-reference.js'

/** Encodes the header of an overflow extent, into one buffer that every call overwrites. @internal */
export class ExtentHeader {
  /** The encoded header. The checksum of the content follows it, as input of the checksum of the header. */
  readonly bytes: Uint8Array = new Uint8Array(OVERFLOW_RUN_BYTES + 8)
  readonly #view: DataView = new DataView(this.bytes.buffer)
  readonly #seed: Seed64
  readonly #hash = new Int32Array(2)

  constructor(seed: Seed64) {
    this.#seed = seed
  }

  get checksumLow(): number {
    return this.#view.getInt32(OVERFLOW_RUN_CHECKSUM_OFFSET, true)
  }

  get checksumHigh(): number {
    return this.#view.getInt32(OVERFLOW_RUN_CHECKSUM_OFFSET + 4, true)
  }

  /** Encodes the header of the extent at `page` with the content `content[start..end)`. */
  encode(page: number, epoch: number, content: Uint8Array, start: number, end: number): void {
    const view = this.#view
    const hash = this.#hash
    this.bytes.fill(0)
    view.setUint32(OVERFLOW_RUN_PAGE_NUMBER_OFFSET, page, true)
    view.setUint8(OVERFLOW_RUN_KIND_OFFSET, PageKind.Run)
    encodeEpoch(view, OVERFLOW_RUN_EPOCH_OFFSET, epoch)
    view.setUint32(OVERFLOW_RUN_CONTENT_BYTES_OFFSET, end - start, true)
    xxHash64(content, start, end, this.#seed, hash)
    view.setInt32(OVERFLOW_RUN_BYTES, hash[0] as number, true)
    view.setInt32(OVERFLOW_RUN_BYTES + 4, hash[1] as number, true)
    xxHash64(this.bytes, OVERFLOW_RUN_PAGE_NUMBER_OFFSET, OVERFLOW_RUN_BYTES + 8, this.#seed, hash)
    view.setInt32(OVERFLOW_RUN_CHECKSUM_OFFSET, hash[0] as number, true)
    view.setInt32(OVERFLOW_RUN_CHECKSUM_OFFSET + 4, hash[1] as number, true)
  }

  /** Reports whether the encoded header has the checksum that a reference records. */
  matches(reference: ExtentReference): boolean {
    return this.checksumLow === reference.checksumLow && this.checksumHigh === reference.checksumHigh
  }
}
