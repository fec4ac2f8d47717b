import { assertIterable, invalidArgument } from '@ldb/base'
import type { KeyspaceCodec } from './codec.js'

/** Encoded keys, packed into one array: an array for each would cost more than its lookup. */
export class PackedKeys {
  bytes: Uint8Array = new Uint8Array(4096)
  /** End offset of each key. */
  readonly ends: number[] = []
  #used = 0

  /** Adds the first `keyBytes` bytes of `key`. */
  add(key: Uint8Array, keyBytes: number): void {
    const start = this.#used
    this.#used = start + keyBytes
    if (this.#used > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.#used, this.bytes.length * 2))
      larger.set(this.bytes)
      this.bytes = larger
    }
    const { bytes } = this
    for (let index = 0; index < keyBytes; index += 1) bytes[start + index] = key[index] as number
    this.ends.push(this.#used)
  }
}

/** Calls `visit` with a view of each packed key, and returns the results. */
export function mapPackedKeys<T>(
  keys: Uint8Array,
  ends: readonly number[],
  visit: (key: Uint8Array) => T,
): T[] {
  let start = 0
  return ends.map((end) => {
    const key = keys.subarray(start, end)
    start = end
    return visit(key)
  })
}

/**
 * Encodes the keys of a user into packed arrays, in their order.
 *
 * @param countMax - keys of one array.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT when `keys` is not a list; the errors of `encodeScratchKey`.
 */
export function packKeys<K, V>(
  codec: KeyspaceCodec<K, V>,
  keys: Iterable<K>,
  countMax: number = Infinity,
): [first: PackedKeys, ...others: PackedKeys[]] {
  // A string is an iterable of its characters.
  if (typeof keys === 'string') throw invalidArgument('keys must be a list of keys, not one string')
  assertIterable('keys', keys)
  let last = new PackedKeys()
  const packed: [PackedKeys, ...PackedKeys[]] = [last]
  for (const key of keys) {
    if (last.ends.length === countMax) {
      last = new PackedKeys()
      packed.push(last)
    }
    const keyBytes = codec.encodeScratchKey(key)
    last.add(codec.scratch, keyBytes)
  }
  return packed
}
