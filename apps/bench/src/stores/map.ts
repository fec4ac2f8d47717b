import type { Key, KeyShape } from '../data/keys.js'
import type { Store } from '../model/store.js'

/** See {@link StoreModule}. */
export const takesBuffers = true

/** See {@link StoreModule}. */
export const persistent = false

/** See {@link StoreModule}. */
export const keyShapes: readonly KeyShape[] = ['decimal', 'binary', 'url']

/** Creates a plain `Map` from strings to bytes: unordered, not persistent. Each call converts the key to a string. */
export async function open(): Promise<Store> {
  const entries = new Map<string, Uint8Array>()
  const text = (key: Key): string => (key as Buffer).toString('latin1')
  const walk = (): number => {
    let count = 0
    for (const [key, value] of entries) if (key.length > 0 && value.length > 0) count++
    return count
  }
  const put = (key: Key, value: Uint8Array): void => void entries.set(text(key), Uint8Array.from(value))
  return {
    get: (key) => entries.get(text(key)),
    getMany: (keys) => keys.map((key) => entries.get(text(key))),
    scan: walk,
    entries: walk,
    put,
    putBatch: (fill) => fill(put),
    close: () => entries.clear(),
  }
}
