import { INVARIANTS, isLdbError } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import type { Vfs, VfsFile } from './vfs.js'

/** Bytes that are written between two syncs ahead: some 10 to 20 ms of a device. Few where invariants are checked. */
const AHEAD_BYTES = INVARIANTS ? 4096 : 16 * 1024 * 1024
/** Syncs ahead that are begun without one being seen to end: a loop that never lets the event loop go on sees none of them. */
const AHEAD_MAX = 16
/** Handles of all files that such a loop may leave open: their syncs run, as far as it can know. */
const LINGERING_MAX = 64

let lingeringCount = 0

/**
 * What was written to an open file, as something that can be brought to the device, on this thread and off it.
 *
 * @remarks Off this thread by a handle of its own, opened at the first such sync: each handle is told of a failed write-back
 * once, so that a sync here and one there cannot take the news from each other. Those that run beside each other there share it.
 *
 * Much that is written between syncs is sent ahead off this thread, so that the next one has little left to wait for. That promises
 * nothing to anybody, but what it is told of a failed write-back nobody else may be told: every later sync fails.
 * @category Files
 */
export class FileSync implements Syncable {
  readonly #vfs: Vfs
  readonly #file: VfsFile
  readonly #aheadBytes: number
  #asyncFile: VfsFile | undefined = undefined
  /** What runs off this thread; none of it rejects. */
  readonly #running: Set<Promise<void>> = new Set()
  /** The first failure off this thread. */
  #failure: { readonly error: unknown } | undefined = undefined
  /** Bytes written since something was sent ahead. */
  #newBytes = 0
  #unseenCount = 0
  #closed = false
  /** It is closed, and its handle is still in use. */
  #lingers = false

  /**
   * @param file - writable, and still of that name when `syncAsync` or `noteWritten` is called.
   * @param aheadBytes - bytes after which what was written is sent ahead.
   */
  constructor(vfs: Vfs, file: VfsFile, aheadBytes: number = AHEAD_BYTES) {
    this.#vfs = vfs
    this.#file = file
    this.#aheadBytes = aheadBytes
  }

  /** Tells of bytes that were written to the file: when there are many, they are sent ahead. Never fails. */
  noteWritten(byteCount: number): void {
    this.#newBytes += byteCount
    if (this.#newBytes < this.#aheadBytes || this.#unseenCount === AHEAD_MAX) return
    if (this.#closed || lingeringCount >= LINGERING_MAX) return
    this.#newBytes = 0
    try {
      void this.#begin()
    } catch (error) {
      // No handle could be had: nothing was begun, and nothing is known that was not before.
      if (!isLdbError(error)) throw error
      return
    }
    this.#unseenCount++
  }

  sync(): void {
    this.#assertNoneFailed()
    this.#file.sync()
    this.#newBytes = 0
    this.#unseenCount = 0
  }

  async syncAsync(): Promise<void> {
    this.#assertNoneFailed()
    this.#newBytes = 0
    await this.#begin()
    // One that runs beside it may have been told of the failure in its place.
    if (this.#running.size > 0) await Promise.all(this.#running)
    this.#assertNoneFailed()
  }

  /**
   * Takes over what another one of the same file has begun off this thread: it is waited for, and its failure is this one's too. A
   * handle that is opened behind that failure is not told of it.
   */
  adopt(other: FileSync): void {
    this.#failure ??= other.#failure
    for (const running of other.#running) {
      void this.#watch(
        running.then(() => {
          other.#assertNoneFailed()
        }),
      )
    }
  }

  #assertNoneFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #begin(): Promise<void> {
    this.#asyncFile ??= this.#vfs.open(this.#file.path, 'write')
    return this.#watch(this.#asyncFile.syncAsync())
  }

  /** Returns the end of a sync that was begun, whatever becomes of it. */
  #watch(sync: Promise<void>): Promise<void> {
    const note = (error: unknown): void => {
      this.#failure ??= { error }
    }
    const running: Promise<void> = sync
      .catch(note)
      .then(() => {
        this.#end(running)
      })
      .catch(note)
    this.#running.add(running)
    return running
  }

  #end(running: Promise<void>): void {
    this.#running.delete(running)
    this.#unseenCount = 0
    if (!this.#closed || this.#running.size > 0) return
    if (this.#lingers) lingeringCount--
    this.#lingers = false
    this.#release()
  }

  /** Gives its own handle back, when the syncs that run are done; the file itself is its owner's. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#lingers = this.#running.size > 0
    if (this.#lingers) lingeringCount++
    else this.#release()
  }

  #release(): void {
    const file = this.#asyncFile
    this.#asyncFile = undefined
    file?.close()
  }
}
