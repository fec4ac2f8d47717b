import type { ReadSource } from './read-source.js'

/**
 * Returns when the entry of a key expires, in milliseconds since 1970: Infinity for never, `undefined` for an absent key. Reads no value in a blob file.
 *
 * @param key - its first `keyBytes` bytes.
 */
export function expiresAtOf(source: ReadSource, key: Uint8Array, keyBytes: number): number | undefined {
  const { decoder } = source.keyspace
  if (decoder === undefined) return source.has(key, keyBytes) ? Infinity : undefined
  return decoder.expiresAt(() => source.getBorrowed(key, keyBytes))
}
