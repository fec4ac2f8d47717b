import { AscendingKeys, ResumableTask, WriteBatch } from '@ldb/base'
import type { TaskSteps } from '@ldb/base'
import type { CommitPipeline } from '../commit/pipeline.js'
import type { KeyspaceStore } from '../keyspace/store.js'
import type { LoadTarget } from './load-target.js'

/** A load into an engine without loads of its own: one commit contains all entries. */
export class LoadBatch implements LoadTarget {
  readonly isPersistDue = false
  readonly #batch = new WriteBatch()
  readonly #keys = new AscendingKeys()
  readonly #keyspace: KeyspaceStore
  readonly #pipeline: CommitPipeline

  constructor(keyspace: KeyspaceStore, pipeline: CommitPipeline) {
    this.#keyspace = keyspace
    this.#pipeline = pipeline
  }

  add(key: Uint8Array, keyBytes: number, value: Uint8Array): void {
    this.#keys.check(key, keyBytes)
    this.#batch.put(this.#keyspace.descriptor.id, key, value, keyBytes)
  }

  persist(): ResumableTask {
    return new ResumableTask(noSteps())
  }

  complete(): ResumableTask {
    return new ResumableTask(noSteps())
  }

  commit(): void {
    this.#pipeline.commit(this.#batch, 'full')
    this.#batch.clear()
  }

  abort(): void {
    this.#batch.clear()
  }
}

function* noSteps(): TaskSteps {
  // The batch is in memory until it is committed.
}
