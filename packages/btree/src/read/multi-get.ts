import type { ValueSlab } from '../extents/value-slab.js'
import { hashKey } from '../page/key-hash.js'
import type { PageArenas } from '../page/arenas.js'
import { valueIsExtent } from '../page/record.js'
import { isIndexable } from '../pager/leaf-indexer.js'
import type { Pages } from '../pager/pages.js'
import type { Root } from '../pager/root.js'
import { copyNewest, copyValue, recordHasKey } from './lookup.js'

/** Keys of one group. Larger groups do not overlap more cache misses. */
const GROUP_KEYS = 32

/**
 * Reads the values of many keys of the newest tree.
 *
 * @remarks A get waits for two cache misses: the entry of the hash index, then the record. A group first probes the index for all
 * of its keys, then prefetches all records, so that the misses overlap, and compares keys only afterwards.
 * @internal
 */
export class MultiGet {
  readonly #pages: Pages
  readonly #slab: ValueSlab
  readonly #hashes = new Int32Array(GROUP_KEYS)
  /** Indexed offsets of the records of the group, or -1. */
  readonly #records = new Int32Array(GROUP_KEYS)
  /** Frames of the indexed records. */
  readonly #frames = new Int32Array(GROUP_KEYS)
  /** Receives prefetched words, so that the compiler keeps the loads. */
  readonly #prefetchSink = new Int32Array(1)

  constructor(pages: Pages, slab: ValueSlab) {
    this.#pages = pages
    this.#slab = slab
  }

  /** Returns copies of the values below a root, in the order of the keys, which are packed as `OrderedStore.getMany` specifies. */
  read(root: Root, keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    const pages = this.#pages
    const values: (Uint8Array | undefined)[] = []
    for (let from = 0; from < ends.length; from += GROUP_KEYS) {
      const to = Math.min(from + GROUP_KEYS, ends.length)
      this.#probeIndex(keys, ends, from, to)
      this.#prefetchRecords(pages.arenas, to - from)
      for (let index = from; index < to; index += 1) {
        values.push(this.#copyIndexed(keys, startOf(ends, index), ends[index] as number, index - from))
      }
      // A descent loads pages, which may evict the indexed records: descents run last.
      for (let index = from; index < to; index += 1) {
        values[index] ??= copyNewest(
          pages,
          root,
          this.#slab,
          keys,
          startOf(ends, index),
          ends[index] as number,
        )
      }
    }
    return values
  }

  #probeIndex(keys: Uint8Array, ends: readonly number[], from: number, to: number): void {
    const { limits, space, reader } = this.#pages
    const records = this.#records
    const hashes = this.#hashes
    for (let index = from; index < to; index += 1) {
      hashes[index - from] = hashKey(keys, startOf(ends, index), ends[index] as number, reader.seed.low)
    }
    let sum = 0
    for (let index = 0; index < to - from; index += 1) sum ^= space.prefetchIndex(hashes[index] as number)
    this.#prefetchSink[0] = sum
    for (let index = from; index < to; index += 1) {
      const keyBytes = (ends[index] as number) - startOf(ends, index)
      records[index - from] = isIndexable(limits, keyBytes)
        ? space.indexedOffset(hashes[index - from] as number, keyBytes)
        : -1
      this.#frames[index - from] = space.indexedFrame
    }
  }

  #prefetchRecords(arenas: PageArenas, count: number): void {
    const frames = this.#frames
    const records = this.#records
    let sum = 0
    for (let index = 0; index < count; index += 1) {
      const record = records[index] as number
      if (record >= 0) sum ^= arenas.ofFrame(frames[index] as number).i32[record >> 2] as number
    }
    this.#prefetchSink[0] = sum
  }

  #copyIndexed(keys: Uint8Array, start: number, end: number, index: number): Uint8Array | undefined {
    const pages = this.#pages
    const record = this.#records[index] as number
    if (record < 0) return undefined
    const memory = pages.arenas.ofFrame(this.#frames[index] as number)
    if (!recordHasKey(memory, record, keys, start, end)) return undefined
    // An out-of-line value may have to be loaded, which would evict indexed records.
    if (valueIsExtent(memory, record)) return undefined
    pages.reader.indexUsage.noteHit()
    return copyValue(pages, memory, this.#slab, record, end - start)
  }
}

function startOf(ends: readonly number[], index: number): number {
  return index === 0 ? 0 : (ends[index - 1] as number)
}
