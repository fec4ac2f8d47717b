import type { Syncable, TaskSteps } from '@ldb/base'
import type { BackupFile } from './manifest.js'

/** Receives the bytes that a backup stores: a directory, or a stream. */
export interface BackupSink {
  /** True when no more bytes are wanted: the copy of the file ends early, and its entry means nothing. */
  readonly isFull: boolean
  /**
   * Adds bytes to the stored blocks of a file. They are borrowed until they are written. Files follow each other.
   *
   * @param index - position of the file in the manifest, from 1 on.
   */
  write(index: number, bytes: Uint8Array, start: number, byteCount: number): Syncable
  /** Ends the stored blocks of a file: makes them durable, and verifies them, where that is possible. */
  endFile(index: number, entry: BackupFile): TaskSteps
  /** Ends the backup with its manifest. */
  end(manifest: Uint8Array): TaskSteps
}

/** Does nothing. */
export const NOTHING: Syncable = Object.freeze({
  sync: () => undefined,
  syncAsync: () => Promise.resolve(),
})

/** Runs two at once where that is possible. Both have ended when it returns or throws. */
export function both(first: Syncable, second: Syncable): Syncable {
  return {
    sync: () => {
      first.sync()
      second.sync()
    },
    syncAsync: async () => {
      const results = await Promise.allSettled([first.syncAsync(), second.syncAsync()])
      for (const result of results) if (result.status === 'rejected') throw result.reason
    },
  }
}

/** Counts bytes instead of writing them, up to a limit. */
export class CountingSink implements BackupSink {
  byteCount = 0
  readonly #bytesMax: number

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get isFull(): boolean {
    return this.byteCount > this.#bytesMax
  }

  write(_index: number, _bytes: Uint8Array, _start: number, byteCount: number): Syncable {
    this.byteCount += byteCount
    return NOTHING
  }

  *endFile(_index: number, _entry: BackupFile): TaskSteps {
    // Nothing was written.
  }

  *end(_manifest: Uint8Array): TaskSteps {
    // Nothing was written.
  }
}
