import { DataKeys } from '@ldb/integrity'
import { SeededRandom } from '@ldb/vfs'

/** Returns the data keys of encrypted targets. The same seed returns the same keys, with other nonces than those that were used. */
export function sweepKeys(seed: number, nonceSeed: number = seed): DataKeys {
  const keys = new DataKeys(new Uint8Array(16).fill(seed), new SeededRandom(nonceSeed))
  keys.add(1, new Uint8Array(32).fill(seed + 1))
  keys.use(1)
  return keys
}
