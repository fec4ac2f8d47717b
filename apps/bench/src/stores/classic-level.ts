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
const WRITE_BUFFER_BYTES = 64 * 2 ** 20
const FIRST_KEY = Buffer.alloc(0)
const LAST_KEY = Buffer.alloc(64, 0xff)

type Pair = readonly [Uint8Array, Uint8Array]

interface LevelIterator {
  nextv(size: number): Promise<Pair[]>
  close(): Promise<void>
}

interface LevelBatch {
  put(key: Key, value: Uint8Array): unknown
  del(key: Key): unknown
  write(options: { sync: boolean }): Promise<void>
}

/** The used part of classic-level's API. */
interface ClassicLevel {
  open(): Promise<void>
  getSync(key: Key): Uint8Array | undefined
  getMany(keys: readonly Key[]): Promise<(Uint8Array | undefined)[]>
  put(key: Key, value: Uint8Array, options: { sync: boolean }): Promise<void>
  del(key: Uint8Array, options: { sync: boolean }): Promise<void>
  batch(): LevelBatch
  iterator(options: object): LevelIterator
  compactRange(start: Uint8Array, end: Uint8Array): Promise<void>
  close(): Promise<void>
}

/**
 * Opens classic-level, a binding of LevelDB: synchronous gets, 10,000 entries per call in scans. Durable means `sync:
 * true`. Compression is off, because it slows reads and writes of data that fits into memory. With limited memory, half
 * of it is the block cache and an eighth each of two write buffers: the tables are memory-mapped and need the rest.
 */
export async function open(options: StoreOptions): Promise<Store> {
  const { ClassicLevel } = loadPeer<{ ClassicLevel: new (dir: string, options: object) => ClassicLevel }>(
    'classic-level',
  )
  const db = new ClassicLevel(options.dir, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    compression: false,
    cacheSize: options.isMemoryLimited ? options.cacheBytes / 2 : options.cacheBytes,
    writeBufferSize:
      options.writeBufferBytes ??
      Math.min(WRITE_BUFFER_BYTES, options.isMemoryLimited ? options.cacheBytes / 8 : options.cacheBytes),
  })
  await db.open()
  const sync = { sync: options.durability === 'device' }
  const walk = (): Promise<number> => count(db.iterator({ highWaterMarkBytes: 2 ** 20 }), ENTRIES_A_CALL)
  return {
    get: (key) => db.getSync(key),
    getMany: (keys) => db.getMany(keys),
    scan: walk,
    entries: walk,
    range: (gte, limit) => count(db.iterator({ gte, limit, highWaterMarkBytes: 2 ** 20 }), limit),
    put: (key, value) => db.put(key, value, sync),
    putConcurrently: (key, value) => db.put(key, value, sync),
    putBatch(fill) {
      const batch = db.batch()
      fill((key, value) => batch.put(key, value))
      return batch.write(sync)
    },
    deleteBatch(fill) {
      const batch = db.batch()
      fill((key) => batch.del(key))
      return batch.write(sync)
    },
    async deleteFirst() {
      const iterator = db.iterator({ limit: 1, values: false })
      const [first] = await iterator.nextv(1)
      await iterator.close()
      if (first !== undefined) await db.del(first[0], sync)
    },
    compact: () => db.compactRange(FIRST_KEY, LAST_KEY),
    close: () => db.close(),
  }
}

async function count(iterator: LevelIterator, entriesACall: number): Promise<number> {
  let entryCount = 0
  for (;;) {
    const pairs = await iterator.nextv(entriesACall)
    if (pairs.length === 0) break
    for (const [key, value] of pairs) if (key.length > 0 && value.length > 0) entryCount++
    if (pairs.length < entriesACall && entriesACall < ENTRIES_A_CALL) break
  }
  await iterator.close()
  return entryCount
}
