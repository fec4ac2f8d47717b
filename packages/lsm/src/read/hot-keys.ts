import type { Block } from '../block/block.js'
import { hashKey } from '../key-hash.js'
import type { Version } from '../version/version.js'

/** Keys that are remembered, a power of two. */
const SLOTS = 4096

/**
 * Where the newest entries of keys that were read lately are: the blocks, which are in the cache, and the offsets of the records.
 *
 * @remarks For one version at a time: in another one, a newer table may contain the key. A key has one place, which the last one that was read
 * takes. A block that was evicted is found no more, and is forgotten after as many reads as there are places.
 */
export class HotKeys {
  /** Empty until the first key is remembered: a database may have thousands of stores. */
  #blocks: (Block | undefined)[] = []
  /** Hash of the key and offset of the record. */
  #slots: Int32Array = new Int32Array(0)
  #version: Version | undefined = undefined
  #addedCount = 0

  /** Returns the hash of a key. It needs no secret seed: keys with equal hashes only take each other's place. */
  hashOf(key: Uint8Array, keyBytes: number): number {
    return hashKey(key, 0, keyBytes, 0)
  }

  /** Returns the block that contains the newest entry of a key with a hash, if it is known. It may be that of another key. */
  blockOf(version: Version, hash: number): Block | undefined {
    if (version !== this.#version) {
      this.#version = version
      this.#blocks.fill(undefined)
      return undefined
    }
    const slot = hash & (SLOTS - 1)
    const block = this.#blocks[slot]
    return block === undefined || block.isEvicted || this.#slots[2 * slot] !== hash ? undefined : block
  }

  /** Returns the offset of the record, in the block that `blockOf` has returned. */
  recordOffsetOf(hash: number): number {
    return this.#slots[2 * (hash & (SLOTS - 1)) + 1] ?? 0
  }

  /** Remembers the newest entry of a key, in the version that `blockOf` was called with. */
  add(hash: number, block: Block, recordOffset: number): void {
    if (this.#blocks.length === 0) {
      this.#blocks = new Array<Block | undefined>(SLOTS).fill(undefined)
      this.#slots = new Int32Array(2 * SLOTS)
    }
    const slot = hash & (SLOTS - 1)
    this.#blocks[slot] = block
    this.#slots[2 * slot] = hash
    this.#slots[2 * slot + 1] = recordOffset
    if (++this.#addedCount < SLOTS) return
    this.#addedCount = 0
    for (const [index, each] of this.#blocks.entries())
      if (each?.isEvicted === true) this.#blocks[index] = undefined
  }
}
