import type { KeyspaceReads } from '../read/keyspace-reads.js'
import type { KeyspaceWrites } from './keyspace-writes.js'

/**
 * Returns the encoded value of an encoded key, as a view that is valid until the next call of the database.
 *
 * @remarks For hosts that pass bytes: nothing is checked but the state of the keyspace. Never write to the view.
 * @param key - the key is the first `keyBytes` bytes, at most 65,535.
 * @throws {@link LdbError} as `get`.
 * @category Hosts
 */
export function getEncoded<K, V>(
  reads: KeyspaceReads<K, V>,
  key: Uint8Array,
  keyBytes: number,
): Uint8Array | undefined {
  const { source } = reads
  source.assertReadable()
  return source.getBorrowed(key, keyBytes)
}

/**
 * Writes an entry of encoded bytes, which are copied, with the durability and the time to live of the keyspace.
 *
 * @remarks For hosts that pass bytes: see {@link getEncoded}. The bytes must be valid in the stored encodings.
 * @param key - the key is the first `keyBytes` bytes, at most 65,535.
 * @throws {@link LdbError} as `put`.
 * @category Hosts
 */
export function putEncoded<K, V>(
  writes: KeyspaceWrites<K, V>,
  key: Uint8Array,
  keyBytes: number,
  value: Uint8Array,
): void {
  const { pipeline, store } = writes
  pipeline.assertWritable()
  if (store.dropped) store.assertLive()
  pipeline.put(store.descriptor.id, key, keyBytes, store.encodeExpiry(value, undefined), undefined)
}
