import type { Syncable } from '@ldb/base'
import type { Vfs, VfsFile } from './vfs.js'

/** Bytes that are written between two syncs ahead: some 10 to 20 ms of a device. */
const AHEAD_BYTES = 16 * 1024 * 1024
/** Syncs ahead that are begun without one being seen to end: a loop that never lets the event loop go on sees none of them. */
const AHEAD_MAX = 16

/**
 * What was written to an open file, as something that can be brought to the device, on this thread and off it.
 *
 * @remarks Off this thread by a handle of its own, opened at the first such sync: each handle is told of a failed write-back
 * once, so that a sync here and one there cannot take the news from each other.
 *
 * Much that is written between syncs is sent ahead off this thread, so that the next one has little left to wait for. That promises
 * nothing to anybody, but what it is told of a failed write-back nobody else may be told: every later sync fails.
 * @category Files
 */
export class FileSync implements Syncable {
  readonly #vfs: Vfs
  readonly #file: VfsFile
  #asyncFile: VfsFile | undefined = undefined
  #runningCount = 0
  #closed = false
  readonly #aheadBytes: number
  /** Bytes written since something was sent ahead. */
  #newBytes = 0
  #unseenCount = 0
  #aheadCount = 0
  /** Resolves when what was sent ahead has ended. */
  #ahead: Promise<unknown> | undefined = undefined
  #aheadFailure: { readonly error: unknown } | undefined = undefined

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
    if (this.#newBytes < this.#aheadBytes || this.#unseenCount === AHEAD_MAX || this.#closed) return
    this.#newBytes = 0
    this.#unseenCount++
    this.#aheadCount++
    const sent = this.#syncOnce()
      .catch((error: unknown) => {
        this.#aheadFailure ??= { error }
      })
      .then(() => {
        this.#unseenCount = 0
        this.#aheadCount--
        if (this.#aheadCount === 0) this.#ahead = undefined
      })
    this.#ahead = this.#ahead === undefined ? sent : Promise.all([this.#ahead, sent])
  }

  sync(): void {
    this.#assertSentAhead()
    this.#file.sync()
    this.#newBytes = 0
    this.#unseenCount = 0
  }

  async syncAsync(): Promise<void> {
    this.#assertSentAhead()
    this.#newBytes = 0
    await this.#syncOnce()
    // One that runs beside it may have been told of the failure in its place.
    if (this.#ahead !== undefined) await this.#ahead
    this.#assertSentAhead()
  }

  #assertSentAhead(): void {
    if (this.#aheadFailure !== undefined) throw this.#aheadFailure.error
  }

  async #syncOnce(): Promise<void> {
    this.#asyncFile ??= this.#vfs.open(this.#file.path, 'write')
    const file = this.#asyncFile
    this.#runningCount++
    try {
      await file.syncAsync()
    } finally {
      this.#runningCount--
      if (this.#closed && this.#runningCount === 0) file.close()
    }
  }

  /** Gives its own handle back, when the syncs that run are done; the file itself is its owner's. Idempotent. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#runningCount === 0) this.#asyncFile?.close()
  }
}
