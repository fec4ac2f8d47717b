import { loadPeer } from '../peers/packages.js'
import type { Key, KeyShape } from '../data/keys.js'
import type { Store } from '../model/store.js'

/** See {@link StoreModule}. */
export const takesBuffers = true

/** See {@link StoreModule}. */
export const persistent = false

/** See {@link StoreModule}. */
export const keyShapes: readonly KeyShape[] = ['decimal', 'binary', 'url']

const ENTRIES_A_CALL = 10_000

type Pair = readonly [Uint8Array, Uint8Array]

interface LevelIterator {
  nextv(size: number): Promise<Pair[]>
  close(): Promise<void>
}

/** The used part of memory-level's API. */
interface MemoryLevel {
  open(): Promise<void>
  getSync(key: Key): Uint8Array | undefined
  getMany(keys: readonly Key[]): Promise<(Uint8Array | undefined)[]>
  put(key: Key, value: Uint8Array): Promise<void>
  batch(operations: readonly object[]): Promise<void>
  iterator(options: object): LevelIterator
  close(): Promise<void>
}

/** Opens memory-level, a sorted tree on the heap. It retains the passed bytes, and therefore receives copies. */
export async function open(): Promise<Store> {
  const { MemoryLevel } = loadPeer<{ MemoryLevel: new (options: object) => MemoryLevel }>('memory-level')
  const db = new MemoryLevel({ keyEncoding: 'buffer', valueEncoding: 'buffer', storeEncoding: 'buffer' })
  await db.open()
  const walk = (): Promise<number> => count(db.iterator({}))
  return {
    get: (key) => db.getSync(key),
    getMany: (keys) => db.getMany(keys),
    scan: walk,
    entries: walk,
    range: (gte, limit) => count(db.iterator({ gte, limit })),
    put: (key, value) => db.put(Buffer.from(key as Uint8Array), Buffer.from(value)),
    putBatch(fill) {
      const operations: object[] = []
      fill((key, value) =>
        operations.push({ type: 'put', key: Buffer.from(key as Uint8Array), value: Buffer.from(value) }),
      )
      return db.batch(operations)
    },
    close: () => db.close(),
  }
}

async function count(iterator: LevelIterator): Promise<number> {
  let entryCount = 0
  for (;;) {
    const pairs = await iterator.nextv(ENTRIES_A_CALL)
    if (pairs.length === 0) break
    for (const [key, value] of pairs) if (key.length > 0 && value.length > 0) entryCount++
  }
  await iterator.close()
  return entryCount
}
