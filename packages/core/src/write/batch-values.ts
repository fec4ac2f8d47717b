import { INVARIANTS, isLdbError } from '@ldb/base'
import { BLOB_KEY_BYTES_MAX } from '../blob/blob-values.js'
import type { ValueWriter } from '../blob/value-writer.js'
import { isBeforeLogging } from '../commit/failure.js'
import type { DatabaseState } from '../commit/state.js'
import { VALUE_HEADER_BYTES } from '../format.js'

/**
 * Bytes of large values that a batch contains before the following ones are written at their `put`. With so many, they go to blob files
 * whatever the durability of the commit is.
 */
const CONTAINED_BYTES_MIN = INVARIANTS ? 512 : 1_048_576

/**
 * The large values of one batch that is being filled. Those beyond the first MiB are written to blob files at their `put`: a batch in memory
 * would be copied each time it grows, into memory that the system has to clear first.
 *
 * @remarks (V11) A file with a value that a batch refers to is held until the batch is committed or abandoned: no entry names the value
 * yet, and the collector would take it for dead.
 */
export class BatchValues {
  readonly #state: DatabaseState
  #containedBytes = 0
  /** Files that are held. */
  readonly #files: Set<number> = new Set()

  constructor(state: DatabaseState) {
    this.#state = state
  }

  /**
   * Returns what a batch is to contain as the value of a put: the value, or a reference to it. What speaks against writing it now is left to
   * the commit.
   *
   * @param keyBytes - length of the key, which is a prefix of `key`.
   * @param stored - the value as a store contains it.
   * @throws {@link LdbError} LDB_IO, and the database is poisoned.
   */
  add(keyspaceId: number, key: Uint8Array, keyBytes: number, stored: Uint8Array): Uint8Array {
    const { values, health, keyspaces } = this.#state
    if (values === undefined || stored.length <= values.blobBytes + VALUE_HEADER_BYTES) return stored
    if (keyBytes > BLOB_KEY_BYTES_MAX) return stored
    const mayWrite = health.writeRefusal === undefined && keyspaces.byId(keyspaceId) !== undefined
    if (this.#containedBytes >= CONTAINED_BYTES_MIN && mayWrite) {
      const referring = this.#write(values, keyspaceId, key, keyBytes, stored)
      if (referring !== undefined) return referring
    }
    this.#containedBytes += stored.length
    return stored
  }

  /** Ends the hold of all files: the batch is committed, or will never be. Idempotent. */
  release(): void {
    for (const number of this.#files) this.#state.values?.blobs.liveness.release(number)
    this.#files.clear()
  }

  /** Writes a value, and returns a reference; `undefined` when there is no space. */
  #write(
    values: ValueWriter,
    keyspaceId: number,
    key: Uint8Array,
    keyBytes: number,
    stored: Uint8Array,
  ): Uint8Array | undefined {
    const { space, health, log } = this.#state
    try {
      space.takeFile(stored.length)
      return values.writeHeld(keyspaceId, key, keyBytes, stored, this.#files)
    } catch (error) {
      // A commit may find space: it can make a checkpoint.
      if (isLdbError(error, 'LDB_NO_SPACE') || isBeforeLogging(error, log)) return undefined
      health.fail(error, false)
      throw error
    }
  }
}
