/**
 * Returns bytes with undefined content. The caller fills all of them before it passes them on. On Node they are uninitialized
 * memory; this portable version returns zeros.
 *
 * @category Bytes
 */
export function uninitializedBytes(length: number): Uint8Array {
  return new Uint8Array(length)
}
