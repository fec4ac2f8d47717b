import { tooLarge, VALUE_BYTES_MAX } from '@ldb/base'
import { CHUNK_BYTES } from '@ldb/blob'
import type { BlobStreamWriter } from '@ldb/blob'
import { BLOB_KEY_BYTES_MAX } from '../blob/blob-values.js'
import { encodeReferring, REFERRING_VALUE_BYTES } from '../blob/value-header.js'
import type { AsyncCommits } from '../commit/async-commits.js'
import type { StreamedValue } from '../values/streamed-commits.js'
import type { Durability } from '../health/options.js'
import type { KeyspaceStore } from '../keyspace/store.js'

/** What a streamed value is written to. */
export interface UploadTarget {
  readonly commits: AsyncCommits
  readonly store: KeyspaceStore
  /** Encoded key, which the caller leaves unchanged. */
  readonly key: Uint8Array
  readonly ttlMs: number | undefined
  readonly durability: Durability | undefined
  /** Throws when the value may no longer be written. */
  readonly check: () => void
}

const NO_BYTES = new Uint8Array(0)

/**
 * A value that is written in parts. Up to 1 MiB, or `blobBytes`, is gathered in memory and committed like any other value; a longer one goes
 * to a blob file of its own.
 */
export class ValueUpload {
  readonly #target: UploadTarget
  /** Bytes from which the value goes to a file. */
  readonly #gatheredMax: number
  #gathered: Uint8Array = NO_BYTES
  #gatheredBytes = 0
  #writer: BlobStreamWriter | undefined = undefined
  #streamed: StreamedValue | undefined = undefined

  constructor(target: UploadTarget) {
    this.#target = target
    const { commits, key } = target
    const mayStream = key.length <= BLOB_KEY_BYTES_MAX
    this.#gatheredMax = mayStream ? Math.max(CHUNK_BYTES, commits.streamed.bytesMin) : Infinity
  }

  /** Adds bytes, which are copied. @throws {@link LdbError} LDB_TOO_LARGE, LDB_NO_SPACE, LDB_IO. Call `abort` then. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#writer === undefined && this.#gatheredBytes + bytes.length <= this.#gatheredMax)
      this.#gather(bytes)
    else await this.#append(bytes)
  }

  /** Commits the value. Resolves when the commit is as durable as requested. */
  async commit(): Promise<void> {
    const { commits, store, key, ttlMs, durability, check } = this.#target
    const writer = this.#writer
    const reference = await writer?.finish()
    check()
    const batch = commits.takeBatch()
    if (writer === undefined || reference === undefined) {
      const value = store.encodeExpiry(this.#gathered.subarray(0, this.#gatheredBytes), ttlMs)
      batch.put(store.descriptor.id, key, value)
      await commits.commit(batch, durability, check)
      return
    }
    const header = store.encodeExpiry(NO_BYTES, ttlMs)
    const referring = new Uint8Array(REFERRING_VALUE_BYTES)
    encodeReferring(referring, header, 0, header.length, reference)
    batch.put(store.descriptor.id, key, referring)
    const { fileNumber, valueBytes } = writer
    this.#streamed = { fileNumber, valueBytes, isLogged: false }
    await commits.streamed.commit(batch, durability, this.#streamed, check)
  }

  /**
   * Abandons the value, unless a record of the log may name it.
   *
   * @param mayBeLogged - a write of the log has failed: whether the record is there is unknown. The file has no live record then.
   */
  abort(mayBeLogged: boolean): void {
    if (this.#streamed?.isLogged === true || (this.#streamed !== undefined && mayBeLogged)) return
    this.#writer?.abort()
  }

  #gather(bytes: Uint8Array): void {
    const end = this.#gatheredBytes + bytes.length
    if (end > VALUE_BYTES_MAX) throw tooLarge('value', end, VALUE_BYTES_MAX)
    if (end > this.#gathered.length) {
      const longer = new Uint8Array(Math.max(end, Math.min(2 * this.#gathered.length, this.#gatheredMax)))
      longer.set(this.#gathered.subarray(0, this.#gatheredBytes))
      this.#gathered = longer
    }
    this.#gathered.set(bytes, this.#gatheredBytes)
    this.#gatheredBytes = end
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const { commits, store, key } = this.#target
    if (this.#writer === undefined) {
      commits.streamed.takeSpace(this.#gatheredBytes)
      this.#writer = commits.streamed.begin(store.descriptor.id, key)
      await this.#writer.write(this.#gathered.subarray(0, this.#gatheredBytes))
      this.#gathered = NO_BYTES
    }
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
      const part = bytes.subarray(start, start + CHUNK_BYTES)
      commits.streamed.takeSpace(part.length)
      await this.#writer.write(part)
    }
  }
}
