import { EXTENT_REFERENCE_BYTES } from '../format.js'

/** Reads an overflow run, given the place of its reference. @internal */
export interface ExtentReader {
  /** Returns the content of the run whose reference stands at `memory.bytes[offset]`, from the file, checked; no page moves. */
  readExtent(memory: PageMemory, offset: number): Uint8Array
}

/**
 * Bytes that hold pages, seen through typed arrays of several widths, and the limits that follow from the page size.
 *
 * @remarks The arena of the cache is one, the private copy that a cursor works on is another; all code that looks
 * into pages takes one of these and a byte offset. They all have the same shape, so that it stays monomorphic.
 * @internal
 */
export class PageMemory {
  readonly bytes: Uint8Array
  /** The buffer of `bytes`, which costs a call to ask for; a view from it takes half the time of `subarray`. */
  readonly buffer: ArrayBufferLike
  readonly u16: Uint16Array
  readonly i32: Int32Array
  /** For words that are not aligned. */
  readonly view: DataView
  readonly pageBytes: number
  /** Its logarithm to the base 2. */
  readonly pageShift: number
  /** Longest key stored whole; a longer one takes exactly this many bytes in the page. */
  readonly keyPartMax: number
  /** Bytes of a longer key that stay in the page, in front of its run reference. */
  readonly keyInlineBytes: number
  /** Longest prefix that is taken off the heads: the head behind it must still lie in the page. */
  readonly prefixMax: number
  /** Longest value stored in a leaf. */
  readonly valueInlineMax: number
  readonly extents: ExtentReader
  /** One page of room for rearranging another; absent in memories whose pages are never changed. */
  readonly scratch: PageMemory | undefined

  constructor(bytes: Uint8Array, pageBytes: number, runs: ExtentReader, scratch?: PageMemory) {
    this.bytes = bytes
    this.buffer = bytes.buffer
    this.u16 = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1)
    this.i32 = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.pageBytes = pageBytes
    this.pageShift = 31 - Math.clz32(pageBytes)
    this.keyPartMax = pageBytes >> 3
    this.keyInlineBytes = this.keyPartMax - EXTENT_REFERENCE_BYTES
    this.prefixMax = this.keyInlineBytes - 4
    this.valueInlineMax = pageBytes >> 2
    this.extents = runs
    this.scratch = scratch
  }
}

/** True where typed arrays are little-endian, as the format is. Decided once, checked at open. @internal */
export const LITTLE_ENDIAN: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
