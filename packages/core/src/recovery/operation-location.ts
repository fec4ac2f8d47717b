import { decodeVarint, OperationKind, varintBytes } from '@ldb/base'

// Where the parts of an operation stand, one that was checked, as packages/base/FORMAT.md has it. Recovery keeps a long one apart
// and gathers what stands for it: this kind, its key, and two words that say where it is and how long.

/** Kind of what stands for an operation that is kept apart. Never on disk. */
export const KEPT_APART = 0x80
/** Bytes behind its key: where the operation is, u32, and its length, u32. */
export const KEPT_APART_PLACE_BYTES = 8

/** Returns the length of the key of the operation that begins at `start`. */
export function keyBytesOf(bytes: Uint8Array, start: number): number {
  const first = bytes[start + 1] as number
  return first < 0x80 ? first : decodeVarint(bytes, start + 1, bytes.length)
}

/** Returns the offset of the key of the operation that begins at `start`. */
export function keyStartOf(bytes: Uint8Array, start: number): number {
  let at = start + 1
  while ((bytes[at] as number) >= 0x80) at++
  return at + 1
}

/** Returns the offset behind the key of the operation that begins at `start`. */
export function keyEndOf(bytes: Uint8Array, start: number): number {
  return keyStartOf(bytes, start) + keyBytesOf(bytes, start)
}

/** Returns the offset behind the operation that begins at `start`. */
export function operationEnd(bytes: Uint8Array, start: number): number {
  const keyEnd = keyEndOf(bytes, start)
  return bytes[start] === KEPT_APART ? keyEnd + KEPT_APART_PLACE_BYTES : valueEndOf(bytes, start, keyEnd)
}

/** Returns the offset behind the operation that begins at `start`, and whose key ends before `keyEnd`; not one that is kept apart. */
export function valueEndOf(bytes: Uint8Array, start: number, keyEnd: number): number {
  const kind = bytes[start]
  if (kind !== OperationKind.Put && kind !== OperationKind.DeleteRange) return keyEnd
  const valueBytes = decodeVarint(bytes, keyEnd, bytes.length)
  return keyEnd + varintBytes(valueBytes) + valueBytes
}

/** Reports whether an operation is about a range of keys. */
export function isRangeKind(kind: number): boolean {
  return kind === OperationKind.DeleteRange || kind === OperationKind.DeleteFrom
}

/** Reports whether two operations are about one key. Of neighbours in order, the last bytes differ most often. */
export function haveSameKey(bytes: Uint8Array, a: number, b: number): boolean {
  const keyBytes = keyBytesOf(bytes, a)
  if (keyBytes !== keyBytesOf(bytes, b)) return false
  const start = keyStartOf(bytes, a)
  let index = start + keyBytes
  let other = keyStartOf(bytes, b) + keyBytes
  while (index > start) if (bytes[--index] !== bytes[--other]) return false
  return true
}
