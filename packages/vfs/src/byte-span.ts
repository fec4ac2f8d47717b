import { assert } from '@ldb/base'

/** Asserts that the arguments of a read or write are in bounds, before any arithmetic with them. */
export function assertSpan(bytes: Uint8Array, start: number, byteCount: number, fileOffset: number): void {
  assert(
    Number.isSafeInteger(start) && start >= 0 && start <= bytes.length,
    'the span must start inside the array',
  )
  assert(
    Number.isSafeInteger(byteCount) && byteCount >= 0 && byteCount <= bytes.length - start,
    'the span must end inside the array',
  )
  assert(Number.isSafeInteger(fileOffset) && fileOffset >= 0, 'a file offset must be a safe integer')
  assert(byteCount <= Number.MAX_SAFE_INTEGER - fileOffset, 'a file must end below 2^53 bytes')
}

/** Asserts that a new file length is a safe integer from 0. */
export function assertLength(length: number): void {
  assert(Number.isSafeInteger(length) && length >= 0, 'a file length must be a safe integer')
}
