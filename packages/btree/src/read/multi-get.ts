import { hashKey } from '../page/key-hash.js'
import { copyNewest, copyValue, isPlaced, standsAt } from './lookup.js'
import type { PageMemory } from '../page/memory.js'
import type { Pages, Root } from '../pager/pages.js'
import { valueIsExtent } from '../page/record.js'
import type { ValueSlab } from '../pager/value-slab.js'

/** Keys that are looked up together: more of them do not overlap any better. */
const GROUP_KEYS = 32

/**
 * Reads the values of many keys of the newest tree.
 *
 * @remarks What a get waits for is memory: the entry of the index, then the record. So the places of a whole group are
 * looked up first, then all of its records are touched, so that the waits overlap, and only then is anything compared.
 * @internal
 */
export class MultiGet {
  readonly #pages: Pages
  readonly #slab: ValueSlab
  readonly #hashes = new Int32Array(GROUP_KEYS)
  readonly #places = new Int32Array(GROUP_KEYS)
  /** What was touched; it is kept so that the loads are not left out as useless. */
  touched = 0

  constructor(pages: Pages, slab: ValueSlab) {
    this.#pages = pages
    this.#slab = slab
  }

  /** Returns copies of the values below a root, in the order of the keys, packed as `OrderedStore.getMany` says. */
  read(root: Root, keys: Uint8Array, ends: readonly number[]): (Uint8Array | undefined)[] {
    const pages = this.#pages
    const values: (Uint8Array | undefined)[] = []
    for (let from = 0; from < ends.length; from += GROUP_KEYS) {
      const to = Math.min(from + GROUP_KEYS, ends.length)
      this.#findPlaces(keys, ends, from, to)
      this.#touch(pages.memory, to - from)
      for (let index = from; index < to; index += 1) {
        values.push(this.#copyAtPlace(keys, startOf(ends, index), ends[index] as number, index - from))
      }
      // The way down brings pages in, and may throw out those of the places: only now.
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

  #findPlaces(keys: Uint8Array, ends: readonly number[], from: number, to: number): void {
    const { memory, space, seed } = this.#pages
    const places = this.#places
    const hashes = this.#hashes
    for (let index = from; index < to; index += 1) {
      hashes[index - from] = hashKey(keys, startOf(ends, index), ends[index] as number, seed.low)
    }
    let sum = 0
    for (let index = 0; index < to - from; index += 1) sum ^= space.prefetchIndex(hashes[index] as number)
    this.touched = sum
    for (let index = from; index < to; index += 1) {
      const keyBytes = (ends[index] as number) - startOf(ends, index)
      places[index - from] = isPlaced(memory, keyBytes)
        ? space.indexedOffset(hashes[index - from] as number, keyBytes)
        : -1
    }
  }

  #touch(memory: PageMemory, count: number): void {
    const { i32 } = memory
    const places = this.#places
    let sum = 0
    for (let index = 0; index < count; index += 1) {
      const place = places[index] as number
      if (place >= 0) sum ^= i32[place >> 2] as number
    }
    this.touched = sum
  }

  #copyAtPlace(keys: Uint8Array, start: number, end: number, index: number): Uint8Array | undefined {
    const pages = this.#pages
    const place = this.#places[index] as number
    if (place < 0 || !standsAt(pages.memory, place, keys, start, end)) return undefined
    // A large value may have to be brought in as well.
    if (valueIsExtent(pages.memory, place)) return undefined
    return copyValue(pages, this.#slab, place, end - start)
  }
}

function startOf(ends: readonly number[], index: number): number {
  return index === 0 ? 0 : (ends[index - 1] as number)
}
