import { INDEXED_KEY_BYTES_MAX } from '@ldb/cache'
import type { PageSpace } from '@ldb/cache'
import { VALUE_FIELD_BYTES } from '../format.js'
import { hashKey } from '../page/key-hash.js'
import type { PageArenas } from '../page/arenas.js'
import type { PageLimits } from '../page/memory.js'
import { slotCount } from '../page/page.js'
import { recordOffset, slotKeyBytes } from '../page/record.js'
import type { FreeSpace } from '../space/free-space.js'

/** Records that may be indexed at first: small working sets are indexed at once. */
const RECORDS_ADVANCED = 1 << 16
/** The same in a file of at most so many pages, all of whose leaves are indexed at once. */
const RECORDS_ADVANCED_SMALL = 1 << 20
const PAGES_SMALL_MAX = 1 << 15
/** Records that a lookup by descent pays for. Indexing one takes about a tenth of the time of a lookup. */
const RECORDS_PER_DESCENT = 1
/** Upper bound of the balance. */
const RECORDS_MAX = 1 << 20
/** Int32s of a cache line. */
const LINE_WORDS = 16

/**
 * Adds leaves to the adaptive hash index, all records at once, within a balance of records that lookups increase.
 *
 * @remarks Indexing a leaf takes as long as several lookups. Without the balance, the first random gets of a large tree would index
 * leaf after leaf, and take twice the time.
 *
 * Each record waits for two cache misses: its own and that of its bucket. The lines of the leaf are loaded in one pass and those
 * of the buckets in another, so that the misses overlap.
 * @internal
 */
export class LeafIndexer {
  readonly #arenas: PageArenas
  readonly #space: PageSpace
  readonly #freeSpace: FreeSpace
  readonly #seed: number
  /** Hash, key length and offset of each record of a leaf. Allocated at the first use. */
  #hashes = new Int32Array(0)
  #keyBytes = new Uint8Array(0)
  #records = new Int32Array(0)
  /** Receives prefetched words, so that the compiler keeps the loads. */
  readonly #prefetchSink = new Int32Array(1)
  /** Number of records that may be indexed. */
  #balance = 0
  #hasBegun = false

  constructor(arenas: PageArenas, space: PageSpace, freeSpace: FreeSpace, seed: number) {
    this.#arenas = arenas
    this.#space = space
    this.#freeSpace = freeSpace
    this.#seed = seed
  }

  /**
   * Notes that a descent found the record at `record` of the leaf at `page`, and indexes the leaf when that is due. Reports whether
   * it was indexed before.
   */
  noteDescent(page: number, record: number, hash: number, keyBytes: number, isConsulted: boolean): boolean {
    const space = this.#space
    const frame = this.#arenas.frameOf(page)
    if (!this.#hasBegun) this.#begin()
    if (this.#balance < RECORDS_MAX) this.#balance += RECORDS_PER_DESCENT
    if (space.isIndexed(frame)) {
      // While the index is consulted, other entries have overwritten the one of this record.
      if (isConsulted) space.indexRecord(hash, keyBytes, frame, record)
      return true
    }
    if (this.#balance > 0 && space.isIndexingDue(frame)) this.#indexLeaf(page, frame)
    return false
  }

  #begin(): void {
    this.#hasBegun = true
    this.#balance = this.#freeSpace.pageCount > PAGES_SMALL_MAX ? RECORDS_ADVANCED : RECORDS_ADVANCED_SMALL
  }

  #indexLeaf(page: number, frame: number): void {
    const space = this.#space
    const count = this.#gather(page)
    this.#balance -= count
    space.indexFrame(frame, this.#hashes, this.#keyBytes, this.#records, count)
  }

  /** Collects the indexable records of the leaf at `page` and returns their number. */
  #gather(page: number): number {
    const memory = this.#arenas.of(page)
    const { bytes, i32, keyPartMax } = memory
    const seed = this.#seed
    const slots = slotCount(memory, page)
    if (this.#hashes.length < slots) this.#grow(slots)
    const hashes = this.#hashes
    let sum = 0
    const end = (page + memory.pageBytes) >> 2
    for (let word = page >> 2; word < end; word += LINE_WORDS) sum ^= i32[word] as number
    this.#prefetchSink[0] = sum
    let count = 0
    for (let slot = 0; slot < slots; slot += 1) {
      const keyBytes = slotKeyBytes(memory, page, slot)
      if (keyBytes > INDEXED_KEY_BYTES_MAX || keyBytes > keyPartMax) continue
      const record = recordOffset(memory, page, slot)
      const at = record + VALUE_FIELD_BYTES
      hashes[count] = hashKey(bytes, at, at + keyBytes, seed)
      this.#keyBytes[count] = keyBytes
      this.#records[count] = record
      count += 1
    }
    return count
  }

  #grow(slots: number): void {
    this.#hashes = new Int32Array(slots * 2)
    this.#keyBytes = new Uint8Array(slots * 2)
    this.#records = new Int32Array(slots * 2)
  }
}

/** Reports whether the hash index accepts keys of this length. @internal */
export function isIndexable(limits: PageLimits, keyBytes: number): boolean {
  return keyBytes <= INDEXED_KEY_BYTES_MAX && keyBytes <= limits.keyPartMax
}
