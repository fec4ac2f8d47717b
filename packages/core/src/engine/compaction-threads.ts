import { createCompactionThread } from '@ldb/lsm'
import type { CompactionThread } from '@ldb/lsm'

/**
 * Threads that compact the tables of LSM stores. Each is created for the first store that uses it, so that a database without such
 * stores does not load their engine; it starts with its first compaction.
 */
export class CompactionThreads {
  readonly #threads: (CompactionThread | undefined)[]

  /** @param count - 0 where the caller compacts. */
  constructor(count: number) {
    this.#threads = Array.from({ length: count }, () => undefined)
  }

  /** Returns the thread of a keyspace; `undefined` when the caller compacts. */
  of(keyspaceId: number): CompactionThread | undefined {
    if (this.#threads.length === 0) return undefined
    return (this.#threads[keyspaceId % this.#threads.length] ??= createCompactionThread())
  }

  /** Ends the threads of the stores, which are closed. */
  close(): void {
    for (const thread of this.#threads) thread?.close()
  }
}
