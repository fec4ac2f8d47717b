import { loadPeer } from '../peers/packages.js'
import type { Key, KeyShape } from '../data/keys.js'
import type { Store, StoreOptions } from '../model/store.js'

/** See {@link StoreModule}. */
export const takesBuffers = true

/** See {@link StoreModule}. */
export const persistent = true

/** See {@link StoreModule}. */
export const keyShapes: readonly KeyShape[] = ['decimal', 'binary', 'url']

type Callback<T = void> = (error: Error | null | undefined, result?: T) => void

interface RocksIterator {
  next(callback: (error: Error | null | undefined, key?: Uint8Array, value?: Uint8Array) => void): void
  end(callback: Callback): void
}

interface RocksBatch {
  put(key: Key, value: Uint8Array): unknown
  del(key: Key): unknown
  write(options: { sync: boolean }, callback: Callback): void
}

/** The used part of the API. */
interface Rocks {
  open(options: object, callback: Callback): void
  put(key: Key, value: Uint8Array, options: { sync: boolean }, callback: Callback): void
  batch(): RocksBatch
  iterator(options: object): RocksIterator
  compactRange(start: Uint8Array, end: Uint8Array, callback: Callback): void
  close(callback: Callback): void
}

const FIRST_KEY = Buffer.alloc(1)
const LAST_KEY = Buffer.alloc(64, 0xff)

/**
 * Opens RocksDB 6 through the binding of LevelDB's API, which has settings for buffers and compression. It has no synchronous get.
 */
export async function open(options: StoreOptions): Promise<Store> {
  const db = loadPeer<(dir: string) => Rocks>('rocksdb')(options.dir)
  await promised((done) =>
    db.open(
      {
        compression: false,
        cacheSize: options.cacheBytes,
        ...(options.writeBufferBytes !== undefined && { writeBufferSize: options.writeBufferBytes }),
      },
      done,
    ),
  )
  const sync = { sync: options.durability === 'device' }
  return {
    scan: () => count(db.iterator({ highWaterMark: 2 ** 20 })),
    entries: () => count(db.iterator({ highWaterMark: 2 ** 20 })),
    range: (gte, limit) => count(db.iterator({ gte, limit, highWaterMark: 2 ** 20 })),
    put: (key, value) => promised((done) => db.put(key, value, sync, done)),
    putBatch(fill) {
      const batch = db.batch()
      fill((key, value) => batch.put(key, value))
      return promised((done) => batch.write(sync, done))
    },
    deleteBatch(fill) {
      const batch = db.batch()
      fill((key) => batch.del(key))
      return promised((done) => batch.write(sync, done))
    },
    compact: () => promised((done) => db.compactRange(FIRST_KEY, LAST_KEY, done)),
    close: () => promised((done) => db.close(done)),
  }
}

function promised(call: (done: Callback) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => {
      if (error === null || error === undefined) resolve()
      else reject(error)
    })
  })
}

/** The binding fetches many entries at once, and hands them out one by one. */
function count(iterator: RocksIterator): Promise<number> {
  return new Promise((resolve, reject) => {
    let entryCount = 0
    const step = (error: Error | null | undefined, key?: Uint8Array, value?: Uint8Array): void => {
      if (error !== null && error !== undefined) reject(error)
      else if (key === undefined || value === undefined) iterator.end(() => resolve(entryCount))
      else {
        if (key.length > 0 && value.length > 0) entryCount++
        iterator.next(step)
      }
    }
    iterator.next(step)
  })
}
