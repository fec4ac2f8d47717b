import { WriteBatch } from '@ldb/base'
import type { ResumableTask, StoreLoad, Syncable } from '@ldb/base'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { LoadTarget } from './load-target.js'

/** A load whose entries become files of the store at once. One small commit makes all of them visible. */
export class LoadFiles implements LoadTarget {
  readonly #load: StoreLoad
  readonly #keyspace: KeyspaceStore
  readonly #pipeline: CommitPipeline

  constructor(load: StoreLoad, keyspace: KeyspaceStore, pipeline: CommitPipeline) {
    this.#load = load
    this.#keyspace = keyspace
    this.#pipeline = pipeline
  }

  get isPersistDue(): boolean {
    return this.#load.isPersistDue
  }

  add(key: Uint8Array, keyBytes: number, value: Uint8Array): void {
    this.#pipeline.withoutReserve(() => {
      this.#load.add(key, keyBytes, value)
    })
  }

  persist(): ResumableTask {
    return this.#load.persist()
  }

  complete(timeSlice: Syncable): ResumableTask {
    return this.#load.complete(timeSlice)
  }

  commit(): void {
    const { range } = this.#load
    if (range === undefined) {
      this.#load.abort()
      return
    }
    const batch = new WriteBatch()
    batch.deleteRange(this.#keyspace.descriptor.id, range.lower, range.upper)
    this.#pipeline.commit(batch, 'full', [], this.#load)
  }

  abort(): void {
    this.#load.abort()
  }
}
