import { assert } from '@ldb/base'

/** Checks the arguments of a read or write before any arithmetic is done with them. */
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

/** Checks a length to which a file shall be cut or extended. */
export function assertLength(length: number): void {
  assert(Number.isSafeInteger(length) && length >= 0, 'a file length must be a safe integer')
}
