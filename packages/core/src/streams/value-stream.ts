import { assert } from '@ldb/base'
import { CHUNK_BYTES, decodedBytesOf } from '@ldb/blob'
import type { BlobReference } from '@ldb/blob'
import type { BlobValues } from '../blob/blob-values.js'
import type { AsyncApi } from '../calls/async-api.js'
import { CallOrder } from '../calls/call-order.js'
import type { CallChain } from '../calls/call-order.js'
import type { AbortSignalLike } from '../health/abort-signal.js'
import type { ReadLease } from '../read/open-reads.js'
import type { ReadPin, ReadSource } from '../read/read-source.js'

/** A value in a blob file, and the state that keeps it there. */
export interface PinnedBlob {
  readonly blobs: BlobValues
  readonly reference: BlobReference
  readonly source: ReadSource
  readonly pin: ReadPin
}

/**
 * The bytes of a value, read in parts of up to 1 MiB, each of which is checked before it is returned.
 *
 * @remarks Returns the value that the key had when the stream was opened: later writes to the key, the drop of its keyspace and the collection
 * of its space change nothing. The stream pins that state until its last part was read, or until `return()`, at the end of a `for await` loop, or an
 * error. `next` rejects with `LDB_CORRUPTION` when bytes do not match their checksum, with `LDB_CLOSED` when the database, the snapshot or
 * the transaction has ended, and with `LDB_ABORTED` when the signal is aborted. `ReadableStream.from(stream)` and `Readable.from(stream)` convert it.
 * @category Async
 */
export class ValueStream implements AsyncIterable<Uint8Array>, AsyncDisposable {
  /** Length of the value in bytes. */
  readonly byteLength: number
  readonly #api: AsyncApi
  readonly #signal: AbortSignalLike | undefined
  readonly #calls: CallOrder
  readonly #reads: CallChain = { newest: undefined }
  /** The only part of a value that is not in a blob file. */
  #only: Uint8Array | undefined
  readonly #blob: PinnedBlob | undefined
  readonly #lease: ReadLease | undefined
  #table: Uint8Array | undefined = undefined
  #chunkIndex = 0
  #isEnded = false

  /** @internal */
  constructor(
    api: AsyncApi,
    owner: CallOrder,
    value: Uint8Array | PinnedBlob,
    signal: AbortSignalLike | undefined,
  ) {
    this.#api = api
    this.#signal = signal
    this.#calls = new CallOrder(api.gate, { order: owner, call: undefined })
    if (value instanceof Uint8Array) {
      this.byteLength = value.length
      this.#only = value
      this.#blob = undefined
      this.#lease = undefined
    } else {
      this.byteLength = decodedBytesOf(value.reference)
      this.#only = undefined
      this.#blob = value
      this.#lease = value.source.registerRead('cursor', value.pin, this)
    }
  }

  /** Returns the next part; the caller owns it. */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#calls.isEnding) return this.return()
    return this.#calls.runNext(this.#reads, () => this.#next())
  }

  /** Ends the stream after the calls before it, and releases the pinned state. Idempotent. */
  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#calls.end(() => {
      this.#end()
    })
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  async #next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#isEnded) return { done: true, value: undefined }
    try {
      const value = await this.#read()
      if (value !== undefined) return { done: false, value }
    } catch (error) {
      this.#end()
      throw error
    }
    this.#end()
    return { done: true, value: undefined }
  }

  async #read(): Promise<Uint8Array | undefined> {
    if (this.#blob === undefined) {
      const only = this.#only
      this.#only = undefined
      return only === undefined || only.length === 0 ? undefined : only
    }
    const { blobs, reference, pin } = this.#blob
    if (this.#chunkIndex * CHUNK_BYTES >= this.byteLength) return undefined
    const read = <T>(action: () => T): Promise<T> =>
      this.#api.read(
        action,
        () => {
          pin.assertPinned()
        },
        this.#signal,
      )
    const table = (this.#table ??= await read(() => blobs.readChunkTable(reference)))
    const chunk = await read(() => blobs.readChunk(reference, table, this.#chunkIndex))
    this.#chunkIndex++
    return chunk
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    const { source, pin } = this.#blob ?? {}
    if (source === undefined || pin === undefined) return
    if (this.#lease === undefined) source.releasePin(pin)
    else source.closeRead(this.#lease)
  }
}

/** Opens a stream of the value of a key, within an attempt of the read gate; `undefined` for an absent key. */
export function openValueStream(
  api: AsyncApi,
  owner: CallOrder,
  source: ReadSource,
  key: Uint8Array,
  signal: AbortSignalLike | undefined,
): ValueStream | undefined {
  const { decoder, blobs } = source.keyspace
  const read = (): Uint8Array | undefined => source.get(key, key.length)
  const found = decoder === undefined ? read() : decoder.referenceOr(read)
  if (found === undefined) return undefined
  if (found instanceof Uint8Array) return new ValueStream(api, owner, found, signal)
  assert(blobs !== undefined, 'references name values in blob files')
  return new ValueStream(api, owner, { blobs, reference: found, source, pin: source.acquire() }, signal)
}
