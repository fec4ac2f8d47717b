import { CodecId } from '@ldb/integrity'
import type { UnitCodec } from '@ldb/integrity'
import {
  OVERFLOW_EXTENT_BYTES,
  OVERFLOW_EXTENT_CHECKSUM_OFFSET,
  OVERFLOW_EXTENT_CODEC_OFFSET,
  OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET,
  OVERFLOW_EXTENT_DECODED_BYTES_OFFSET,
  OVERFLOW_EXTENT_EPOCH_OFFSET,
  OVERFLOW_EXTENT_KIND_OFFSET,
  OVERFLOW_EXTENT_PAGE_NUMBER_OFFSET,
  PageKind,
} from '../format.js'
import { encodeEpoch } from './extent-reference.js'
import type { ExtentReference } from './extent-reference.js'

/** How the content of an extent is stored. @internal */
export interface ContentEncoding {
  /** Id of the codec that compressed it; 0 when it is stored as it is. */
  readonly codecId: number
  /** Bytes of the value that the content stands for; 0 without a codec. */
  readonly decodedBytes: number
}

/** The encoding of content that is stored as it is. @internal */
export const PLAIN_CONTENT: ContentEncoding = Object.freeze({ codecId: CodecId.None, decodedBytes: 0 })

/** Encodes the header of an overflow extent, into one buffer that every call overwrites. @internal */
export class ExtentHeader {
  /** The encoded header. The checksum of the content follows it, as input of the checksum of the header. */
  readonly bytes: Uint8Array = new Uint8Array(OVERFLOW_EXTENT_BYTES + 8)
  readonly #view: DataView = new DataView(this.bytes.buffer)
  readonly #codec: UnitCodec
  readonly #hash = new Int32Array(2)

  constructor(codec: UnitCodec) {
    this.#codec = codec
  }

  get checksumLow(): number {
    return this.#view.getInt32(OVERFLOW_EXTENT_CHECKSUM_OFFSET, true)
  }

  get checksumHigh(): number {
    return this.#view.getInt32(OVERFLOW_EXTENT_CHECKSUM_OFFSET + 4, true)
  }

  /** Encodes the header of the extent at `page` with the content `content[start..end)`. */
  encode(
    page: number,
    epoch: number,
    encoding: ContentEncoding,
    content: Uint8Array,
    start: number,
    end: number,
  ): void {
    const view = this.#view
    const hash = this.#hash
    this.#encodeFields(page, epoch, encoding, end - start)
    this.#codec.checksum(content, start, end, hash)
    view.setInt32(OVERFLOW_EXTENT_BYTES, hash[0] as number, true)
    view.setInt32(OVERFLOW_EXTENT_BYTES + 4, hash[1] as number, true)
    this.#codec.checksum(this.bytes, OVERFLOW_EXTENT_PAGE_NUMBER_OFFSET, OVERFLOW_EXTENT_BYTES + 8, hash)
    this.#setChecksum(hash[0] as number, hash[1] as number)
  }

  /**
   * Encodes the header that the extent of a reference must have when `content[start..)` is its content. In an encrypted file the
   * checksum is the recorded one, because the cipher authenticates the content.
   */
  encodeExpected(
    reference: ExtentReference,
    encoding: ContentEncoding,
    content: Uint8Array,
    start: number,
  ): void {
    const { page, epoch, checksumLow, checksumHigh } = reference
    if (this.#codec.cipher === undefined) {
      this.encode(page, epoch, encoding, content, start, content.length)
      return
    }
    this.#encodeFields(page, epoch, encoding, content.length - start)
    this.#setChecksum(checksumLow, checksumHigh)
  }

  #encodeFields(
    page: number,
    epoch: number,
    { codecId, decodedBytes }: ContentEncoding,
    contentBytes: number,
  ): void {
    const view = this.#view
    this.bytes.fill(0)
    view.setUint32(OVERFLOW_EXTENT_PAGE_NUMBER_OFFSET, page, true)
    view.setUint8(OVERFLOW_EXTENT_KIND_OFFSET, PageKind.Extent)
    view.setUint8(OVERFLOW_EXTENT_CODEC_OFFSET, codecId)
    encodeEpoch(view, OVERFLOW_EXTENT_EPOCH_OFFSET, epoch)
    view.setUint32(OVERFLOW_EXTENT_CONTENT_BYTES_OFFSET, contentBytes, true)
    view.setUint32(OVERFLOW_EXTENT_DECODED_BYTES_OFFSET, decodedBytes, true)
  }

  #setChecksum(low: number, high: number): void {
    this.#view.setInt32(OVERFLOW_EXTENT_CHECKSUM_OFFSET, low, true)
    this.#view.setInt32(OVERFLOW_EXTENT_CHECKSUM_OFFSET + 4, high, true)
  }

  /** Reports whether the encoded header has the checksum that a reference records. */
  matches(reference: ExtentReference): boolean {
    return this.checksumLow === reference.checksumLow && this.checksumHigh === reference.checksumHigh
  }
}
