// Value headers: FORMAT.md of packages/core, "Value header".
import { readReferenced } from '../blob/blob-file.js'
import type { BlobFiles } from '../blob/blob-file.js'
import { ByteView } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'

const MARK = 0x4c54_54ff
const HEADER_BYTES = 12
const REFERENCE_BYTES = 32
const REFERENCE_FLAG = 0x80

/** A value without its header. */
interface DecodedValue {
  readonly value: Uint8Array
  /** Milliseconds since 1970 from which on the entry is absent; 0 for never. */
  readonly expiresAt: number
}

/** Reports whether a stored value is a header with a blob reference. */
export function isReferring(stored: Uint8Array): boolean {
  const view = new ByteView(stored)
  return view.length >= HEADER_BYTES && view.u32(0) === MARK && view.u8(11) === REFERENCE_FLAG
}

/** Returns the value of a stored value of a keyspace whose values may have headers. */
export function readValue(stored: Uint8Array, blobs: BlobFiles): DecodedValue {
  const view = new ByteView(stored)
  if (view.length < HEADER_BYTES || view.u32(0) !== MARK) return { value: stored, expiresAt: 0 }
  const flags = view.u8(11)
  requireSound(flags === 0 || flags === REFERENCE_FLAG, 'flags of a value header')
  const time = Uint8Array.from(view.slice(4, HEADER_BYTES))
  time[7] = 0
  const expiresAt = new ByteView(time).u64(0)
  const content = view.slice(HEADER_BYTES, view.length)
  if (flags === 0) return { value: content, expiresAt }
  requireSound(content.length === REFERENCE_BYTES, 'length of a value with a reference')
  return { value: readReferenced(blobs, content), expiresAt }
}
