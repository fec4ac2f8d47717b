/**
 * Returns bytes that the caller fills, all of them, before anybody else sees them. Node's twin leaves them as they are; here they
 * are zeros.
 *
 * @internal
 */
export function uninitializedBytes(length: number): Uint8Array {
  return new Uint8Array(length)
}
