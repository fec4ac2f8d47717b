import { isLdbError, LdbError } from '@ldb/base'
import type { OrderedStore } from '@ldb/base'
import type { KeyspaceTable } from '../keyspace/table.js'
import type { CheckpointTrigger } from '../log/checkpoint-trigger.js'
import type { CommitLog } from '../log/commit-log.js'
import type { ReserveFile } from './reserve-file.js'
import type { ReservedSpace } from './reserved-space.js'
import { PAGES_FLOOR_BYTES } from './reserving-vfs.js'
import type { ReservingVfs } from './reserving-vfs.js'
import type { ReserveSize } from './reserve-size.js'

/** Bytes of commits after which the free space is measured again, at most. */
const RENEWAL_BYTES_MAX = 4 * 1024 * 1024
/** Bytes of pages that a byte of commits makes dirty, at most: a commit of 64 bytes copies a leaf and the branches above it. */
const PAGES_RATIO = 256
/** Space that a commit of small entries needs, as a multiple of its length: its record, and pages that may be half full. */
const SMALL_ENTRIES_RATIO = 3
/** Space that a commit of large values needs: its record, and the values in the files of the stores. */
const LARGE_VALUES_RATIO = 2
/** Space that a rewrite of pages needs, as a multiple of their length: the pages above them and the log are written, too. */
const REWRITE_RATIO = 2
/** Operations of at least this average length have large values. */
const LARGE_BYTES = 65_536
/** Overhead of a commit in the log, in bytes. */
const RECORD_BYTES = 64
/** A device with less free space is short of space. */
const SHORT_BYTES = 4 * 1024 * 1024
/** The reserve grows by at most this much at once. */
const GROWTH_BYTES_MAX = 1024 * 1024
/**
 * A device that reports less than this is tested before a commit is refused: one that has this much more than it reports does not
 * report what it has.
 */
const WRONG_BYTES_MAX = 256 * 1024

/** The part of a batch that decides about its space. */
export interface SizedBatch {
  readonly operationCount: number
  /** False when the batch only deletes. */
  readonly hasPuts: boolean
}

/** The space of a database at one moment, in bytes. */
interface Space {
  /** Free on the device, without what the log has buffered. */
  readonly freeBytes: number
  /** Pages that the next checkpoint writes, at most. */
  readonly dirtyBytes: number
  /** What is left when they are written. */
  readonly spareBytes: number
  /** What a checkpoint can use for its pages. */
  readonly availableBytes: number
}

/** What a {@link SpaceBudget} measures. */
export interface SpaceUsers {
  readonly log: CommitLog
  readonly keyspaces: KeyspaceTable
  /** The values in blob files; `undefined` where there are none. */
  readonly blobs: { readonly fileBytes: number } | undefined
  readonly trigger: CheckpointTrigger
  /** Bytes of the page cache: more pages are never dirty. */
  readonly cacheBytes: number
}

/**
 * Keeps the device of a database from filling up beyond recovery.
 *
 * @remarks Invariant: as far as the device tells its free space and no other program takes it, the space that is free plus the reserve
 * suffices for a checkpoint of the present state. The log may therefore not outgrow the free space: a checkpoint is requested while it
 * still fits, and a commit that writes entries is refused before it is logged when there is no space for it. Commits that only delete
 * are never refused. The free space is measured after a number of bytes that could not have used it up.
 */
export class SpaceBudget {
  readonly #directory: string
  readonly #reserve: ReserveFile
  readonly #vfs: ReservingVfs
  readonly #size: ReserveSize
  readonly #users: SpaceUsers
  /** Bytes of commits that need no measurement. */
  #remainingBytes = 0
  /** Bytes of logged commits that are not applied yet. */
  #inFlightBytes = 0
  /** Bytes of the stores at the last checkpoint. */
  #storeBytes = 0
  #isTight = false
  #permitsCheckpoint = true
  /** The device reports less free space than it has. */
  #isFreeSpaceWrong = false

  constructor(directory: string, { reserve, vfs }: ReservedSpace, size: ReserveSize, users: SpaceUsers) {
    this.#directory = directory
    this.#reserve = reserve
    this.#vfs = vfs
    this.#size = size
    this.#users = users
  }

  /** True when commits must wait for a checkpoint, which makes space free. */
  get isTight(): boolean {
    return this.#isTight && this.#permitsCheckpoint && this.#users.log.bytesSinceCheckpoint > 0
  }

  /** True when little space is free, or the reserve is not complete: an explicit checkpoint returns whatever it can. */
  get isShort(): boolean {
    if (this.#reserve.hasReleased || this.#reserve.bytes < this.#wantedReserve()) return true
    return (this.#freeBytes() ?? Infinity) < SHORT_BYTES
  }

  /** False when an automatic checkpoint would fail for lack of space. */
  get permitsCheckpoint(): boolean {
    return this.#permitsCheckpoint
  }

  /**
   * Takes the space of a commit from the budget, before it is logged.
   *
   * @param byteCount - length of the encoded batch.
   * @param relieve - makes a checkpoint now; `undefined` when that is impossible, and a checkpoint is requested instead.
   * @throws {@link LdbError} LDB_NO_SPACE when the device has no space for it: nothing was logged, and the database stays usable.
   */
  take(byteCount: number, batch: SizedBatch, relieve: (() => void) | undefined): void {
    const bytes = byteCount + RECORD_BYTES
    if (bytes <= this.#remainingBytes) this.#remainingBytes -= bytes
    else this.#renew(bytes, batch, relieve)
    if (relieve === undefined) this.#inFlightBytes += byteCount
  }

  /** Notes that commits of so many bytes, taken without `relieve`, are applied: their pages are in the stores. */
  noteApplied(byteCount: number): void {
    this.#inFlightBytes -= byteCount
  }

  /**
   * Takes the space of bytes that are written to a file before their commit.
   *
   * @throws {@link LdbError} LDB_NO_SPACE when commits and the next checkpoint need what is left.
   */
  takeFile(byteCount: number): void {
    const freeBytes = this.#freeBytes()
    if (freeBytes === undefined) return
    const space = this.#measure(freeBytes)
    if (space.spareBytes < byteCount) this.#refuse(byteCount, byteCount, space)
  }

  /** Reports whether a file of so many bytes may be written, with the reserve, beside the next checkpoint: a longer one is removed then. */
  hasSpaceFor(byteCount: number): boolean {
    const freeBytes = this.#freeBytes()
    if (freeBytes === undefined) return true
    const { availableBytes, dirtyBytes } = this.#measure(freeBytes)
    return availableBytes - dirtyBytes >= byteCount
  }

  /**
   * Returns how much of what is stored may be written anew before the next checkpoint, which frees what it replaces: at most `wanted`
   * bytes, and 0 below `least`. Uses no reserve, and none while the reserve is not complete. A device that does not report its free space is tested.
   */
  rewritableBytes(wanted: number, least: number): number {
    if (this.#reserve.hasReleased) return 0
    const freeBytes = this.#freeBytes()
    if (freeBytes === undefined) {
      let bytes = wanted
      while (bytes >= least && !this.#reserve.canAllocate(REWRITE_RATIO * bytes)) bytes /= 4
      return bytes < least ? 0 : Math.floor(bytes)
    }
    const bytes = Math.min(wanted, Math.floor(this.#measure(freeBytes).spareBytes / REWRITE_RATIO))
    return bytes < least ? 0 : bytes
  }

  /** Measures the space again before the next commit: files were written past the budget. */
  remeasure(): void {
    this.#remainingBytes = 0
  }

  /** Runs a step that makes the database longer and must not use the reserve. */
  withoutReserve<T>(step: () => T): T {
    return this.#vfs.withoutReserve(step)
  }

  /** Adapts the reserve to the length of the database, after a checkpoint. */
  afterCheckpoint(): void {
    this.#remainingBytes = 0
    this.#isTight = false
    this.#permitsCheckpoint = true
    this.#storeBytes = this.#sumOfStores('fileBytes') + (this.#users.blobs?.fileBytes ?? 0)
    const freeBytes = this.#freeBytes()
    const wanted = this.#wantedReserve()
    const kept = (freeBytes ?? Infinity) < SHORT_BYTES ? wanted : 4 * wanted
    if (this.#reserve.bytes > kept) this.#reserve.shrink(wanted)
    this.#keepReserve(freeBytes)
  }

  /**
   * Measures the space after an open.
   *
   * @returns true when a checkpoint should be made at once, so that the log that was found does not use up the reserve.
   */
  afterOpen(): boolean {
    if (this.#reserve.bytes >= this.#size.bytesMin && !this.#reserve.hasReleased) return false
    // A device that reports nothing is full if the open has used the reserve.
    const freeBytes = this.#freeBytes() ?? (this.#reserve.hasReleased ? 0 : Infinity)
    const { dirtyBytes, availableBytes } = this.#measure(freeBytes)
    this.#permitsCheckpoint = dirtyBytes <= availableBytes
    return this.#reserve.hasReleased && this.#permitsCheckpoint
  }

  #renew(bytes: number, batch: SizedBatch, relieve: (() => void) | undefined): void {
    const { log, trigger, cacheBytes } = this.#users
    const freeBytes = this.#freeBytes()
    const needed =
      bytes * (bytes >= batch.operationCount * LARGE_BYTES ? LARGE_VALUES_RATIO : SMALL_ENTRIES_RATIO)
    if (freeBytes === undefined || freeBytes >= 2 * cacheBytes + needed + RENEWAL_BYTES_MAX) {
      this.#grant(bytes, Infinity, freeBytes)
      return
    }
    let space = this.#measure(freeBytes)
    if (batch.hasPuts && relieve !== undefined && log.bytesSinceCheckpoint > 0) {
      if (space.spareBytes < needed && space.dirtyBytes <= space.availableBytes) {
        relieve()
        space = this.#measure(this.#freeBytes() ?? space.freeBytes)
      }
    }
    const { dirtyBytes, spareBytes } = space
    this.#permitsCheckpoint = dirtyBytes <= space.availableBytes
    // What a checkpoint makes free. Other commits are logged before a requested one ends: they need a part of the space.
    const gainBytes = relieve === undefined ? Math.max(dirtyBytes, log.bytesSinceCheckpoint) : 0
    if (spareBytes >= needed && spareBytes < needed + gainBytes) trigger.request()
    if (spareBytes >= needed + gainBytes / 2) {
      this.#grant(bytes, spareBytes - needed, space.freeBytes)
      return
    }
    this.#isTight = true
    this.#remainingBytes = 0
    if (!batch.hasPuts) this.#requestBetweenDeletes(space)
    else if (spareBytes < needed) this.#refuse(bytes, needed, space)
  }

  /**
   * Requests a checkpoint when pages or log take half of what is available. A checkpoint of few pages leaves as many free pages in
   * the file, which the next one uses: whatever is deleted, so many pages suffice.
   */
  #requestBetweenDeletes({ dirtyBytes, availableBytes }: Space): void {
    const { log, trigger } = this.#users
    const isHalfUsed = dirtyBytes * 2 > availableBytes || log.bytesSinceCheckpoint > availableBytes
    if (isHalfUsed && dirtyBytes <= availableBytes) trigger.request()
  }

  /** @throws {@link LdbError} LDB_NO_SPACE, unless the device has more space than it reports. */
  #refuse(bytes: number, needed: number, { freeBytes, dirtyBytes }: Space): void {
    if (freeBytes < WRONG_BYTES_MAX && this.#reserve.canAllocate(freeBytes + WRONG_BYTES_MAX)) {
      this.#isFreeSpaceWrong = true
      return
    }
    const message = `the device of ${this.#directory} has ${freeBytes} bytes left, too few for a commit of ${bytes} bytes`
    throw new LdbError('LDB_NO_SPACE', `${message}; it was not written`, {
      details: {
        file: this.#directory,
        expected: needed + dirtyBytes + this.#size.marginBytes,
        actual: freeBytes,
      },
    })
  }

  #grant(bytes: number, spareBytes: number, freeBytes: number | undefined): void {
    this.#isTight = false
    this.#permitsCheckpoint = true
    const granted = Math.min(
      RENEWAL_BYTES_MAX,
      Math.floor(spareBytes / PAGES_RATIO),
      this.#size.bytesUntilReserve(this.#totalBytes()),
    )
    this.#remainingBytes = Math.max(0, granted - bytes)
    this.#keepReserve(freeBytes)
  }

  /** Extends the reserve to its size, a part at a time, unless commits need the space. */
  #keepReserve(freeBytes: number | undefined): void {
    const missing = this.#wantedReserve() - this.#reserve.bytes
    if (missing <= 0) return
    if (freeBytes !== undefined) {
      const left = freeBytes - missing - this.#size.marginBytes
      if (left < 2 * this.#users.cacheBytes && left < this.#sumOfStores('dirtyBytes')) return
    }
    const growth = Math.min(missing, GROWTH_BYTES_MAX)
    if (!this.#reserve.extend(growth) && this.#users.log.releasePreallocated()) this.#reserve.extend(growth)
  }

  #wantedReserve(): number {
    return this.#size.bytesFor(this.#totalBytes())
  }

  #totalBytes(): number {
    return this.#storeBytes + this.#users.log.bytesSinceCheckpoint
  }

  #measure(deviceBytes: number): Space {
    const freeBytes = deviceBytes - this.#users.log.stats().bufferedBytes
    // Values of commits in flight are written when these are applied; small ones become pages.
    const dirtyBytes = this.#sumOfStores('dirtyBytes') + (SMALL_ENTRIES_RATIO - 1) * this.#inFlightBytes
    return {
      freeBytes,
      dirtyBytes,
      spareBytes: freeBytes - dirtyBytes - this.#size.marginBytes,
      availableBytes:
        freeBytes + Math.max(0, this.#reserve.bytes - PAGES_FLOOR_BYTES) - this.#size.checkpointBytes,
    }
  }

  #freeBytes(): number | undefined {
    return this.#isFreeSpaceWrong ? undefined : this.#reserve.freeBytes()
  }

  #sumOfStores(name: 'dirtyBytes' | 'fileBytes'): number {
    let sum = 0
    for (const keyspace of this.#users.keyspaces) {
      try {
        sum += name === 'fileBytes' ? keyspace.fileBytes : this.#dirtyBytesOf(keyspace.openedStore)
      } catch (error) {
        // A store that failed accepts no checkpoint either.
        if (!isLdbError(error)) throw error
      }
    }
    return sum
  }

  /** Returns the bytes that the next checkpoint writes to the file of a store. It has none before its first checkpoint of a commit. */
  #dirtyBytesOf(store: OrderedStore | undefined): number {
    if (store === undefined) return 0
    const { dirtyBytes } = store.stats()
    return dirtyBytes > 0 && store.durableSeq === 0 ? dirtyBytes + this.#size.newStoreBytes : dirtyBytes
  }
}
