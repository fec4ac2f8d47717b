import { EXTENT_REFERENCE_BYTES } from '../format.js'

/** Reads overflow extents. @internal */
export interface ExtentReader {
  /**
   * Reads and verifies the content of the extent whose reference is at `memory.bytes[offset]`. Reads from the file, and never
   * evicts a page.
   */
  readExtent(memory: PageMemory, offset: number): Uint8Array
}

/** Size of a page, and the limits of its content that follow from it. @internal */
export interface PageLimits {
  readonly pageBytes: number
  /** Bytes at the end of a page, an extent and a free-space page that belong to the cipher of the file; 0 without one. */
  readonly trailerBytes: number
  /** End of the content of a page: the page size without the trailer. */
  readonly pageEnd: number
  /** Longest key that is stored whole. The key part of a longer key has exactly this many bytes. */
  readonly keyPartMax: number
  /** Bytes of a longer key that are stored in the page, before its extent reference. */
  readonly keyInlineBytes: number
  /** Longest page prefix: the head that follows it must still lie in the page. */
  readonly prefixMax: number
  /** Longest value that is stored in a leaf. */
  readonly valueInlineMax: number
}

/**
 * Bytes that contain pages, as typed arrays of several widths, and the limits that follow from the page size.
 *
 * @remarks Each arena of the cache is one; the private copy that a cursor reads is another. The first arena may be replaced by a larger
 * one whenever a frame is claimed: its arrays must be read again afterwards. All code that reads or edits pages
 * takes a memory and a byte offset. All memories have the same shape, which keeps that code monomorphic.
 * @internal
 */
export class PageMemory implements PageLimits {
  bytes: Uint8Array
  /** The buffer of `bytes`. Its getter is a call, and a view of it takes half the time of `subarray`. */
  buffer: ArrayBufferLike
  u16: Uint16Array
  i32: Int32Array
  /** For words that are not aligned. */
  view: DataView
  readonly pageBytes: number
  readonly trailerBytes: number
  readonly pageEnd: number
  readonly keyPartMax: number
  readonly keyInlineBytes: number
  readonly prefixMax: number
  readonly valueInlineMax: number
  readonly extents: ExtentReader
  /** One page for rebuilding another; undefined in memories whose pages are never edited. */
  readonly scratch: PageMemory | undefined

  constructor(
    bytes: Uint8Array,
    pageBytes: number,
    extents: ExtentReader,
    scratch?: PageMemory,
    trailerBytes: number = 0,
  ) {
    this.bytes = bytes
    this.buffer = bytes.buffer
    this.u16 = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1)
    this.i32 = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.pageBytes = pageBytes
    this.trailerBytes = trailerBytes
    this.pageEnd = pageBytes - trailerBytes
    this.keyPartMax = pageBytes >> 3
    this.keyInlineBytes = this.keyPartMax - EXTENT_REFERENCE_BYTES
    this.prefixMax = this.keyInlineBytes - 4
    this.valueInlineMax = pageBytes >> 2
    this.extents = extents
    this.scratch = scratch
  }

  /** Replaces the buffer by one with the same content at the same offsets. */
  replace(bytes: Uint8Array): void {
    this.bytes = bytes
    this.buffer = bytes.buffer
    this.u16 = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1)
    this.i32 = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
}

/** True when typed arrays are little-endian, as the format is. Checked at open. @internal */
export const LITTLE_ENDIAN: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
