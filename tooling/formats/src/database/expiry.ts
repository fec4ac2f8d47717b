// Expiry headers: FORMAT.md of packages/core, "Expiry".
import { ByteView } from '../bytes/byte-view.js'

const MARK = 0x4c54_54ff
const HEADER_BYTES = 12

/** A value without its expiry header. */
export interface ExpiringValue {
  readonly value: Uint8Array
  /** Milliseconds since 1970 from which on the entry is absent; 0 for never. */
  readonly expiresAt: number
}

/** Separates the expiry header from a stored value of a keyspace whose entries may expire. */
export function readExpiry(stored: Uint8Array): ExpiringValue {
  const view = new ByteView(stored)
  if (view.length < HEADER_BYTES || view.u32(0) !== MARK) return { value: stored, expiresAt: 0 }
  return { value: view.slice(HEADER_BYTES, view.length), expiresAt: view.u64(4) }
}
