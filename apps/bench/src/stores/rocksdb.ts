import { loadPeer } from '../peers/packages.js'
import type { Key, KeyShape } from '../data/keys.js'
import type { Store, StoreOptions } from '../model/store.js'

/** See {@link StoreModule}. */
export const takesBuffers = true

/** See {@link StoreModule}. */
export const persistent = true

/** See {@link StoreModule}. */
export const keyShapes: readonly KeyShape[] = ['decimal', 'binary', 'url']

const ENTRIES_A_CALL = 10_000
const READ_AHEAD_BYTES = 2 ** 20

interface Pairs {
  /** Keys and values, alternating. */
  readonly rows: readonly Uint8Array[]
  readonly finished: boolean
}

interface RocksIterator {
  _nextvSync(size: number): Pairs
  close(): Promise<void>
}

interface RocksBatch {
  put(key: Key, value: Uint8Array): unknown
  write(options: { sync: boolean }): Promise<void>
}

/** The used part of the API; methods with an underscore are synchronous. */
interface RocksLevel {
  open(options: object): Promise<void>
  _getManySync(keys: readonly Key[], options: object): (Uint8Array | undefined)[]
  batch(): RocksBatch
  iterator(options: object): RocksIterator
  close(): Promise<void>
}

/**
 * Opens RocksDB. Synchronous methods are used, which avoid a round trip through a thread. Durable means `sync: true`.
 */
export async function open(options: StoreOptions): Promise<Store> {
  const { RocksLevel } = loadPeer<{ RocksLevel: new (dir: string, options: object) => RocksLevel }>(
    '@nxtedition/rocksdb',
  )
  const db = new RocksLevel(options.dir, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  await db.open({
    cacheSize: options.isMemoryLimited ? options.cacheBytes / 2 : options.cacheBytes,
    compression: false,
  })
  const sync = { sync: options.durability === 'device' }
  const one: Key[] = []
  // The binding's put accepts `sync` but does not sync.
  const put = (key: Key, value: Uint8Array): Promise<void> => {
    const batch = db.batch()
    batch.put(key, value)
    return batch.write(sync)
  }
  const walk = (): Promise<number> => count(db.iterator({ highWaterMarkBytes: READ_AHEAD_BYTES }), Infinity)
  return {
    get(key) {
      one[0] = key
      return db._getManySync(one, {})[0]
    },
    getMany: (keys) => db._getManySync(keys, {}),
    scan: walk,
    entries: walk,
    range: (gte, limit) => count(db.iterator({ gte, limit, highWaterMarkBytes: READ_AHEAD_BYTES }), limit),
    put,
    putConcurrently: put,
    putBatch(fill) {
      const batch = db.batch()
      fill((key, value) => batch.put(key, value))
      return batch.write(sync)
    },
    close: () => db.close(),
  }
}

async function count(iterator: RocksIterator, limit: number): Promise<number> {
  let entryCount = 0
  for (let more = true; more && entryCount < limit;) {
    const { rows, finished } = iterator._nextvSync(Math.min(limit, ENTRIES_A_CALL))
    for (const bytes of rows) if (bytes.length > 0) entryCount += 0.5
    more = !finished
  }
  await iterator.close()
  return entryCount
}
