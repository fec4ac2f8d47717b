import { decodeVarint, OperationKind, varintBytes } from '@ldb/base'

// Offsets within checked operations (packages/base/FORMAT.md). Replay stores a long operation out of line, and gathers a reference to
// it: this kind, the key, and the location of the operation.

/** Kind of a reference to an out-of-line operation. Never on disk. */
export const OUT_OF_LINE = 0x80
/** Bytes of the location behind the key of a reference: offset u32, length u32. */
export const OUT_OF_LINE_LOCATION_BYTES = 8

/** Returns the length of the key of the operation at `start`. */
export function keyBytesOf(bytes: Uint8Array, start: number): number {
  const first = bytes[start + 1] as number
  return first < 0x80 ? first : decodeVarint(bytes, start + 1, bytes.length)
}

/** Returns the offset of the key of the operation at `start`. */
export function keyStartOf(bytes: Uint8Array, start: number): number {
  let at = start + 1
  while ((bytes[at] as number) >= 0x80) at++
  return at + 1
}

/** Returns the end offset of the key of the operation at `start`. */
export function keyEndOf(bytes: Uint8Array, start: number): number {
  return keyStartOf(bytes, start) + keyBytesOf(bytes, start)
}

/** Returns the end offset of the operation or reference at `start`. */
export function operationEnd(bytes: Uint8Array, start: number): number {
  const keyEnd = keyEndOf(bytes, start)
  return bytes[start] === OUT_OF_LINE ? keyEnd + OUT_OF_LINE_LOCATION_BYTES : valueEndOf(bytes, start, keyEnd)
}

/** Returns the end offset of the operation at `start`, whose key ends at `keyEnd`. It must not be a reference. */
export function valueEndOf(bytes: Uint8Array, start: number, keyEnd: number): number {
  const kind = bytes[start]
  if (kind !== OperationKind.Put && kind !== OperationKind.DeleteRange) return keyEnd
  const valueBytes = decodeVarint(bytes, keyEnd, bytes.length)
  return keyEnd + varintBytes(valueBytes) + valueBytes
}

/** Reports whether an operation of this kind deletes a range of keys. */
export function isRangeKind(kind: number): boolean {
  return kind === OperationKind.DeleteRange || kind === OperationKind.DeleteFrom
}

/** Reports whether two operations have the same key. It compares backwards: neighbors in key order mostly differ in their last bytes. */
export function haveSameKey(bytes: Uint8Array, a: number, b: number): boolean {
  const keyBytes = keyBytesOf(bytes, a)
  if (keyBytes !== keyBytesOf(bytes, b)) return false
  const start = keyStartOf(bytes, a)
  let index = start + keyBytes
  let other = keyStartOf(bytes, b) + keyBytes
  while (index > start) if (bytes[--index] !== bytes[--other]) return false
  return true
}
