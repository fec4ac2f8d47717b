import { assert, LdbError } from '@ldb/base'
import type { WriteBatch } from '@ldb/base'
import { RecordArena, recordBytes } from './record-arena.js'
import { EMPTY_INDEX } from './record-index.js'
import type { FrozenIndex } from './record-index.js'
import { WriteBuffer } from './write-buffer.js'
import type { Writes } from './write-buffer.js'

const NO_BYTES = new Uint8Array(0)

/** The state of a buffer at a savepoint. */
interface SavedBuffer {
  readonly points: FrozenIndex
  readonly ranges: FrozenIndex
  readonly liveBytes: number
}

/** The state of all buffers at a savepoint. */
export interface SavedWrites {
  readonly arena: RecordArena
  readonly buffers: ReadonlyMap<number, SavedBuffer>
}

/** The write set of a transaction in all keyspaces: the latest write of each key, ordered by key (M3). */
export class WriteSet {
  readonly buffers: Map<number, WriteBuffer> = new Map()
  #arena: RecordArena
  /** Valid savepoints, the newest last (M17). */
  readonly #saved: SavedWrites[] = []

  constructor(bytesMax: number) {
    this.#arena = new RecordArena(bytesMax)
  }

  get isEmpty(): boolean {
    for (const buffer of this.buffers.values()) if (!buffer.isEmpty) return false
    return true
  }

  /** Puts a key, or deletes it when `value` is `undefined`. */
  set(
    keyspaceId: number,
    key: Uint8Array,
    keyBytes: number,
    value: Uint8Array | undefined,
    valueBytes: number,
  ): void {
    this.#compactIfUseful(recordBytes(keyBytes, valueBytes))
    this.#bufferOf(keyspaceId).set(key, keyBytes, value, valueBytes)
  }

  /** Deletes a range that is not empty. */
  deleteRange(keyspaceId: number, lower: Uint8Array | undefined, upper: Uint8Array | undefined): void {
    const from = lower ?? NO_BYTES
    this.#compactIfUseful(recordBytes(from.length, upper?.length ?? 0))
    this.#bufferOf(keyspaceId).deleteRange(from, upper)
  }

  /** Returns the current writes to a keyspace, unaffected by later ones (M4). */
  freeze(keyspaceId: number): Writes | undefined {
    const buffer = this.buffers.get(keyspaceId)
    if (buffer === undefined || buffer.isEmpty) return undefined
    return { arena: buffer.arena, points: buffer.points.freeze(), ranges: buffer.ranges.freeze() }
  }

  /** Sets a savepoint. Does not copy the writes. */
  savepoint(): SavedWrites {
    const buffers = new Map<number, SavedBuffer>()
    for (const [keyspaceId, { points, ranges, liveBytes }] of this.buffers) {
      buffers.set(keyspaceId, { points: points.freeze(), ranges: ranges.freeze(), liveBytes })
    }
    const saved = { arena: this.#arena, buffers }
    this.#saved.push(saved)
    return saved
  }

  /**
   * Restores the writes at a savepoint and invalidates all later savepoints.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when the savepoint is of another write set or was invalidated (M19).
   */
  restore(saved: SavedWrites | undefined): void {
    const index = saved === undefined ? -1 : this.#saved.lastIndexOf(saved)
    if (saved === undefined || index < 0) {
      throw new LdbError('LDB_NOT_FOUND', 'the transaction has no such savepoint')
    }
    this.#saved.length = index + 1
    this.#arena = saved.arena
    for (const [keyspaceId, buffer] of this.buffers) {
      const { points, ranges, liveBytes } = saved.buffers.get(keyspaceId) ?? EMPTY_BUFFER
      buffer.arena = saved.arena
      buffer.points.restore(points)
      buffer.ranges.restore(ranges)
      buffer.liveBytes = liveBytes
    }
  }

  /** Appends all writes to a batch, by keyspace, in key order. */
  encodeInto(batch: WriteBatch): void {
    for (const [keyspaceId, buffer] of this.buffers) buffer.encodeInto(batch, keyspaceId)
  }

  #bufferOf(keyspaceId: number): WriteBuffer {
    let buffer = this.buffers.get(keyspaceId)
    if (buffer === undefined) {
      buffer = new WriteBuffer(this.#arena)
      this.buffers.set(keyspaceId, buffer)
    }
    return buffer
  }

  /** Before the arena grows by `count` bytes: copies the live records to a new arena when most records are overwritten. */
  #compactIfUseful(count: number): void {
    const arena = this.#arena
    if (arena.used + count <= arena.bytes.length) return
    let live = 0
    for (const buffer of this.buffers.values()) live += buffer.liveBytes
    assert(live <= arena.used, 'live records are in the arena')
    // At the limit, a quarter of garbage suffices. With less, copies would be too frequent.
    const wouldFit = count <= arena.bytesMax - arena.used
    if (live > arena.used * (wouldFit ? 0.5 : 0.75)) return
    // Savepoints keep their arena alive. At most two arenas exist at a time, which bounds memory.
    if (this.#saved.some((saved) => saved.arena !== arena)) return
    const target = new RecordArena(arena.bytesMax, 2 * live + count)
    for (const buffer of this.buffers.values()) buffer.moveTo(target)
    this.#arena = target
  }
}

const EMPTY_BUFFER: SavedBuffer = { points: EMPTY_INDEX, ranges: EMPTY_INDEX, liveBytes: 0 }
