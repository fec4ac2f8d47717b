import { assert } from '@ldb/base'
import type { WriteBatch } from '@ldb/base'
import type { BlobStreamWriter } from '@ldb/blob'
import type { Durability } from '../health/options.js'
import type { ValueWriter } from '../blob/value-writer.js'

/** A value that was written as a stream, whose reference is committed. */
export interface StreamedValue {
  readonly fileNumber: number
  readonly valueBytes: number
  /** Set when a record of the log names it. */
  isLogged: boolean
}

/** Logs a batch with a reference to a streamed value, after all earlier writes. */
type StreamedAppend = (
  batch: WriteBatch,
  durability: Durability | undefined,
  streamed: StreamedValue,
  check: () => void,
) => Promise<void>

/** Commits of values that are written as streams. */
export class StreamedCommits {
  /**
   * Commits a batch, which the queue owns from now on. The last argument is called before the batch is logged, and throws to end the commit.
   */
  readonly commit: StreamedAppend
  readonly #values: ValueWriter | undefined
  readonly #space: { takeFile(byteCount: number): void }

  /** @param space - of the device, which refuses what does not fit. */
  constructor(
    values: ValueWriter | undefined,
    space: { takeFile(byteCount: number): void },
    commit: StreamedAppend,
  ) {
    this.#values = values
    this.#space = space
    this.commit = commit
  }

  /** Bytes above which a value may be written as a stream; `Infinity` where there are no blob files. */
  get bytesMin(): number {
    return this.#values?.blobBytes ?? Infinity
  }

  /** Begins to write the value of a key, for `commit`. */
  begin(keyspaceId: number, key: Uint8Array): BlobStreamWriter {
    const values = this.#values
    assert(values !== undefined, 'values are streamed where there are blob files')
    return values.beginStream(keyspaceId, key)
  }

  /** Takes the space of a part of a value. @throws {@link LdbError} LDB_NO_SPACE. */
  takeSpace(byteCount: number): void {
    this.#space.takeFile(byteCount)
  }
}
