import { isLdbError, optionalMember } from '@ldb/base'
import type { Vfs, VfsFile } from '@ldb/vfs'
import { reservePath } from '../catalog/directory-layout.js'

/** Bytes of one write. */
const CHUNK_BYTES = 65_536
/** A release frees a multiple of this. */
const RELEASE_BYTES = 32_768

/**
 * The file RESERVE: space on the device that is released when an operation that leads to free space finds the device full.
 *
 * @remarks Its content means nothing and is never read. It is neither compressible nor sparse, so that its length is the space that it
 * takes. It is synced off the thread: power loss soon after it grew may leave it shorter. No method throws `LdbError`: a reserve that
 * cannot be made or released is absent.
 */
export class ReserveFile {
  readonly #vfs: Vfs
  readonly #directory: string
  readonly #path: string
  #bytes: number | undefined = undefined
  #hasReleased = false
  #random = 0x9e37_79b9
  #isSyncing = false
  /** The file was extended while a sync ran. */
  #isSyncDue = false

  constructor(vfs: Vfs, directory: string) {
    this.#vfs = vfs
    this.#directory = directory
    this.#path = reservePath(directory)
  }

  /** Length of the file; 0 without one. */
  get bytes(): number {
    this.#bytes ??= this.#attempt(() => this.#vfs.status(this.#path)?.length) ?? 0
    return this.#bytes
  }

  /** True when space was released and the file has not been extended since. */
  get hasReleased(): boolean {
    return this.#hasReleased
  }

  /**
   * Releases space: at least `byteCount` bytes if the file has as many.
   *
   * @param floorBytes - the file is not truncated below this length.
   * @returns false when nothing was released.
   */
  release(byteCount: number, floorBytes: number): boolean {
    const { bytes } = this
    const steps = Math.ceil(byteCount / RELEASE_BYTES)
    const length = Math.max(Math.min(floorBytes, bytes), bytes - Math.max(1, steps) * RELEASE_BYTES)
    if (length >= bytes) return false
    this.#hasReleased = true
    return this.#truncate(length)
  }

  /** Truncates the file to `length`. */
  shrink(length: number): void {
    if (length < this.bytes) this.#truncate(length)
  }

  /** Extends the file by `byteCount` bytes, or not at all. Returns false when the device has no space for them. */
  extend(byteCount: number): boolean {
    return this.#extend(byteCount, true)
  }

  #extend(byteCount: number, isLasting: boolean): boolean {
    const before = this.bytes
    const isExtended = this.#attempt(() => {
      const file = this.#vfs.open(this.#path, 'create')
      try {
        this.#append(file, before, before + byteCount)
        if (isLasting) this.#sync(file)
        return true
      } finally {
        file.close()
      }
    })
    if (isExtended !== true) {
      this.#truncate(before)
      return false
    }
    this.#bytes = before + byteCount
    this.#hasReleased = false
    return true
  }

  /** Reports whether the device has space for `byteCount` bytes, by allocating and freeing them. */
  canAllocate(byteCount: number): boolean {
    const before = this.bytes
    const hadReleased = this.#hasReleased
    if (!this.#extend(byteCount, false)) return false
    this.#hasReleased = hadReleased
    this.#truncate(before)
    return true
  }

  #append(file: VfsFile, from: number, to: number): void {
    const words = new Uint32Array(CHUNK_BYTES / 4)
    const chunk = new Uint8Array(words.buffer)
    for (let offset = from; offset < to; offset += CHUNK_BYTES) {
      this.#fillRandom(words)
      file.write(chunk, 0, Math.min(CHUNK_BYTES, to - offset), offset)
    }
  }

  /**
   * Begins to sync the file and its name; the handles are closed when the sync ends. While one runs, the file is only noted, and synced behind
   * it: a caller that does not yield ends no sync, and would hold handles for each.
   */
  #sync(file: VfsFile): void {
    if (this.#isSyncing) {
      this.#isSyncDue = true
      return
    }
    this.#isSyncing = true
    this.#isSyncDue = false
    const synced = Promise.all([
      file.syncAsync(),
      optionalMember(this.#vfs, 'syncDirectoryAsync')?.call(this.#vfs, this.#directory),
    ])
    void synced
      .catch((error: unknown) => {
        if (!isLdbError(error)) throw error
      })
      .finally(() => {
        this.#isSyncing = false
        if (this.#isSyncDue) this.#syncAgain()
      })
  }

  #syncAgain(): void {
    this.#attempt(() => {
      // It may have been removed.
      if (this.#vfs.status(this.#path)?.kind !== 'file') return
      const file = this.#vfs.open(this.#path, 'write')
      try {
        this.#sync(file)
      } finally {
        file.close()
      }
    })
  }

  /** Fills memory with bytes that no file system compresses or deduplicates: a xorshift generator. */
  #fillRandom(words: Uint32Array): void {
    let random = this.#random
    for (let index = 0; index < words.length; index++) {
      random ^= random << 13
      random ^= random >>> 17
      random ^= random << 5
      words[index] = random
    }
    this.#random = random
  }

  /** Truncates the file, and removes it when nothing is left. */
  #truncate(length: number): boolean {
    this.#bytes = undefined
    const isDone = this.#attempt(() => {
      if (this.#vfs.status(this.#path)?.kind !== 'file') return false
      const file = this.#vfs.open(this.#path, 'write')
      try {
        file.truncate(length)
      } finally {
        file.close()
      }
      if (length === 0) this.#vfs.remove(this.#path)
      return true
    })
    return isDone === true
  }

  #attempt<T>(step: () => T): T | undefined {
    try {
      return step()
    } catch (error) {
      if (!isLdbError(error)) throw error
      return undefined
    }
  }

  /** Returns the bytes that are free on the device; `undefined` when unknown. */
  freeBytes(): number | undefined {
    return this.#attempt(() => optionalMember(this.#vfs, 'freeBytes')?.call(this.#vfs, this.#directory))
  }
}
