/** A part of a buffer. */
export interface BufferPart {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}
