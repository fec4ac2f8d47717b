import { BlockBuffers } from './block/block-buffers.js'
import { CacheBudget } from './cache-budget.js'
import type { BudgetPart } from './cache-budget.js'

/** Share of the budget for blocks that were read once. */
const PROBATION_SHARE = 0.1
const USES_MAX = 3

/** Counters of a {@link BlockCache}. @category Block cache */
export interface BlockCacheStats {
  /** Bytes of the cached blocks. */
  readonly bytes: number
  readonly blockCount: number
  readonly hitCount: number
  readonly missCount: number
}

/** A decoded block. @category Block cache */
export interface CacheableBlock {
  /** Set by a use that did not ask the cache; the cache clears it. */
  wasUsed?: boolean
  /** Called when the block was evicted: it releases its buffer, unless something uses it. */
  evicted?(): void
}

/** A block in the cache, or the memory of one that was evicted from the probation queue (its value is then `undefined`). */
interface CachedBlock<Value> {
  readonly space: Map<number, CachedBlock<Value>>
  readonly position: number
  value: Value | undefined
  byteCount: number
  /** Uses since it entered its queue, up to three. */
  uses: number
}

/**
 * A cache of decoded blocks of immutable files under one byte budget, shared by all files of a database.
 *
 * @remarks Eviction is S3-FIFO (Yang et al., SOSP 2023): a block enters a small probation queue; a second use while it is there, or a
 * read soon after its eviction from there, moves it to the main queue, which a scan therefore does not empty. A block is notified of its
 * eviction, and may give its buffer to the next one.
 * @category Block cache
 */
export class BlockCache<Value extends CacheableBlock = CacheableBlock> implements BudgetPart {
  /** Buffers for blocks. */
  readonly buffers: BlockBuffers = new BlockBuffers()
  readonly #budget: CacheBudget
  readonly #bytesMax: number
  #probation: CachedBlock<Value>[] = []
  #probationHead = 0
  #main: CachedBlock<Value>[] = []
  #mainHead = 0
  #ghosts: CachedBlock<Value>[] = []
  #ghostHead = 0
  #probationBytes = 0
  #mainBytes = 0
  #blockCount = 0
  #hitCount = 0
  #missCount = 0

  /**
   * @param budget - in bytes, 0 caches nothing; or a budget that pages share.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT when it is no non-negative number.
   */
  constructor(budget: number | CacheBudget) {
    this.#budget = typeof budget === 'object' ? budget : new CacheBudget(budget)
    this.#bytesMax = this.#budget.bytes
    this.#budget.attachBlocks(this)
  }

  /** Returns a space for the blocks of one file. */
  attach(): BlockSpace<Value> {
    return new BlockSpace(this)
  }

  /** Returns the present amounts, and counts since the cache was created. */
  stats(): BlockCacheStats {
    return {
      bytes: this.usedBytes,
      blockCount: this.#blockCount,
      hitCount: this.#hitCount,
      missCount: this.#missCount,
    }
  }

  /** @internal */
  find(space: Map<number, CachedBlock<Value>>, position: number): Value | undefined {
    const block = space.get(position)
    if (block?.value === undefined) {
      this.#missCount++
      return undefined
    }
    this.#hitCount++
    if (block.uses < USES_MAX) block.uses++
    return block.value
  }

  /** @internal */
  insert(space: Map<number, CachedBlock<Value>>, position: number, value: Value, byteCount: number): void {
    if (byteCount > this.#bytesMax) return
    const ghost = space.get(position)
    if (ghost?.value !== undefined) return
    const block: CachedBlock<Value> = { space, position, value, byteCount, uses: 0 }
    space.set(position, block)
    this.#blockCount++
    if (ghost === undefined) {
      this.#probation.push(block)
      this.#probationBytes += byteCount
    } else {
      this.#main.push(block)
      this.#mainBytes += byteCount
    }
    this.#budget.noteBlock(byteCount)
    while (this.#budget.isBlockDue()) this.#evict()
  }

  /** Bytes of the cached blocks. */
  get usedBytes(): number {
    return this.#probationBytes + this.#mainBytes
  }

  /** Evicts blocks of `byteCount` bytes or more, if there are any. Returns whether it has evicted any. */
  retire(byteCount: number): boolean {
    const before = this.usedBytes
    const target = Math.max(0, before - byteCount)
    while (this.usedBytes > target) this.#evict()
    return this.usedBytes < before
  }

  /** Forgets all blocks of a space; their queue entries are skipped later. @internal */
  forget(space: Map<number, CachedBlock<Value>>): void {
    for (const block of space.values()) {
      if (block.value === undefined) continue
      block.value = undefined
      this.#blockCount--
    }
    space.clear()
  }

  #evict(): void {
    if (this.#probationBytes > this.#bytesMax * PROBATION_SHARE || this.#mainBytes === 0) {
      this.#evictFromProbation()
    } else this.#evictFromMain()
  }

  #evictFromProbation(): void {
    const block = this.#probation[this.#probationHead++]
    if (block === undefined) return
    if (this.#probationHead > 1024) {
      this.#probation = this.#probation.slice(this.#probationHead)
      this.#probationHead = 0
    }
    this.#probationBytes -= block.byteCount
    if (block.value === undefined) return
    if (block.uses > 0 || block.value.wasUsed === true) {
      block.uses = 0
      block.value.wasUsed = false
      this.#main.push(block)
      this.#mainBytes += block.byteCount
      return
    }
    const { value } = block
    block.value = undefined
    this.#blockCount--
    value.evicted?.()
    this.#ghosts.push(block)
    // As many ghosts as blocks in the main queue.
    while (this.#ghosts.length - this.#ghostHead > Math.max(64, this.#main.length - this.#mainHead)) {
      this.#dropGhost()
    }
  }

  #dropGhost(): void {
    const ghost = this.#ghosts[this.#ghostHead++]
    if (ghost === undefined) return
    if (ghost.space.get(ghost.position) === ghost) ghost.space.delete(ghost.position)
    if (this.#ghostHead > 1024) {
      this.#ghosts = this.#ghosts.slice(this.#ghostHead)
      this.#ghostHead = 0
    }
  }

  #evictFromMain(): void {
    const block = this.#main[this.#mainHead++]
    if (block === undefined) return
    if (this.#mainHead > 1024) {
      this.#main = this.#main.slice(this.#mainHead)
      this.#mainHead = 0
    }
    if (block.value !== undefined && (block.uses > 0 || block.value.wasUsed === true)) {
      if (block.value.wasUsed === true) block.value.wasUsed = false
      else block.uses--
      this.#main.push(block)
      return
    }
    this.#mainBytes -= block.byteCount
    const { value } = block
    if (value === undefined) return
    block.value = undefined
    this.#blockCount--
    value.evicted?.()
    if (block.space.get(block.position) === block) block.space.delete(block.position)
  }
}

/** The blocks of one file in a {@link BlockCache}, by their positions in it. @category Block cache */
export class BlockSpace<Value extends CacheableBlock> {
  readonly #cache: BlockCache<Value>
  readonly #blocks: Map<number, CachedBlock<Value>> = new Map()

  /** @internal */
  constructor(cache: BlockCache<Value>) {
    this.#cache = cache
  }

  /** Buffers for blocks. */
  get buffers(): BlockBuffers {
    return this.#cache.buffers
  }

  /** Returns the block at a position, or `undefined`. */
  find(position: number): Value | undefined {
    return this.#cache.find(this.#blocks, position)
  }

  /** Caches a block, and evicts others when the budget is exceeded. */
  insert(position: number, value: Value, byteCount: number): void {
    this.#cache.insert(this.#blocks, position, value, byteCount)
  }

  /** Forgets all blocks: the file was removed or closed. */
  clear(): void {
    this.#cache.forget(this.#blocks)
  }
}
