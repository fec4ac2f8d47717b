import { readU32, readU64, writeU32, writeU64 } from '@ldb/base'
import { HANDLE_BYTES, HANDLE_OFFSET_OFFSET, HANDLE_STORED_BYTES_OFFSET } from '../format.js'

/** Place of a unit in its file. */
export interface UnitHandle {
  readonly fileOffset: number
  /** Bytes of the unit in the file, trailer included; 0 for no unit. */
  readonly storedBytes: number
}

/** The handle of a unit that does not exist. */
export const NO_UNIT: UnitHandle = Object.freeze({ fileOffset: 0, storedBytes: 0 })

export function encodeHandle(
  { fileOffset, storedBytes }: UnitHandle,
  target: Uint8Array,
  start: number,
): void {
  writeU64(target, start + HANDLE_OFFSET_OFFSET, fileOffset)
  writeU32(target, start + HANDLE_STORED_BYTES_OFFSET, storedBytes)
}

/** Decodes a handle; `undefined` when the bytes are too few or the unit does not lie within the file. */
export function decodeHandle(
  bytes: Uint8Array,
  start: number,
  end: number,
  fileBytes: number,
): UnitHandle | undefined {
  if (end - start < HANDLE_BYTES) return undefined
  const fileOffset = readU64(bytes, start + HANDLE_OFFSET_OFFSET)
  const storedBytes = readU32(bytes, start + HANDLE_STORED_BYTES_OFFSET)
  if (fileOffset < 0 || fileOffset > fileBytes || storedBytes > fileBytes - fileOffset) return undefined
  return { fileOffset, storedBytes }
}
