import { BatchReader, OperationKind } from '@ldb/base'
import type { KeyspaceSection, OrderedStore } from '@ldb/base'
import type { CommitQueue } from '../keyspace/commit-queue.js'
import { READ_MISS } from '../resident/read-gate.js'
import type { ReadGate } from '../resident/read-gate.js'
import type { KeyspaceTable } from '../keyspace/table.js'

const reader = new BatchReader()

/** Commits of a group that are always checked, so that missing pages are detected. */
const SAMPLE = 16
/** Commits that are checked at a time: bounds the time for which the check occupies the thread, and the concurrent reads. */
const CHECKED_MAX = 1024

/** Loads the pages that a group of commits will change, while the sync of the group runs. */
export class GroupPrefetch {
  readonly #queue: CommitQueue
  readonly #keyspaces: KeyspaceTable
  readonly #gate: ReadGate
  #checkedSeq = 0
  #readCountBefore = 0
  /** All pages that the last checked group needs are resident, as far as the sample shows. */
  isWarm = false

  constructor(queue: CommitQueue, keyspaces: KeyspaceTable, gate: ReadGate) {
    this.#queue = queue
    this.#keyspaces = keyspaces
    this.#gate = gate
  }

  /** Reports whether `run` has checked a commit, or need not check it. */
  hasChecked(seq: number): boolean {
    return seq <= this.#checkedSeq || this.#gate.readCount === 0
  }

  /**
   * Checks the next commits that were not checked yet, at most a thousand. If no file was read since the last call, and all pages of the
   * first commits are resident, it skips the others: a check costs a fifth of a commit. Resolves when the missing pages are loaded.
   *
   * @param visibleSeq - number of the newest commit that is applied already.
   */
  async run(visibleSeq: number): Promise<void> {
    const { readCount } = this.#gate
    const isWarm = readCount === this.#readCountBefore
    this.isWarm = isWarm
    this.#readCountBefore = readCount
    const newest = this.#queue.last
    if (readCount === 0 || newest === undefined) return
    const checkedSeq = Math.max(this.#checkedSeq, visibleSeq)
    this.#checkedSeq = newest.seq
    const fetches: Promise<void>[] = []
    let count = 0
    for (const { seq, commitCount, batch } of this.#queue.above(checkedSeq)) {
      if (batch === undefined) continue
      if (isWarm && fetches.length === 0 && count >= SAMPLE) break
      if (count >= CHECKED_MAX) {
        this.#checkedSeq = seq - commitCount
        break
      }
      prefetchCommit(batch.sections(), this.#keyspaces, this.#gate, fetches, isWarm ? SAMPLE : Infinity)
      count += commitCount
    }
    if (fetches.length === 0) return
    this.isWarm = false
    await Promise.all(fetches)
  }
}

/**
 * Loads the pages of the keys of a commit, so that its application does not wait for the device.
 *
 * @remarks The descent of a key that misses is fetched level by level, concurrently for all keys. Ranges are not prefetched.
 * @param fetches - receives the pending fetches; none of them rejects.
 * @param operationsMax - operations after which it stops, unless one of them misses.
 */
function prefetchCommit(
  sections: readonly KeyspaceSection[],
  keyspaces: KeyspaceTable,
  gate: ReadGate,
  fetches: Promise<void>[],
  operationsMax: number,
): void {
  let count = 0
  for (const section of sections) {
    const store = keyspaces.byId(section.keyspaceId)?.rawStoreForWrites
    if (store === undefined) continue
    reader.reset(section)
    // Without a miss so far, the rest is taken to be resident too.
    while ((count++ < operationsMax || fetches.length > 0) && reader.next()) {
      if (reader.kind === OperationKind.DeleteRange || reader.kind === OperationKind.DeleteFrom) continue
      const { bytes, keyStart, keyEnd } = reader
      const key = keyStart === 0 ? bytes : bytes.subarray(keyStart, keyEnd)
      const keyBytes = keyEnd - keyStart
      if (!isMissing(store, key, keyBytes, gate)) continue
      const first = gate.fetchMissed()
      const copy = key.slice(0, keyBytes)
      fetches.push(
        first.then(() => gate.read(() => store.prefetch(copy), assertNothing)).then(ignore, ignore),
      )
    }
  }
}

/** Reports whether the descent of a key misses a page. An error is ignored: the application of the commit meets it again. */
function isMissing(store: OrderedStore, key: Uint8Array, keyBytes: number, gate: ReadGate): boolean {
  try {
    return gate.attempt(() => store.prefetch(key, keyBytes)) === READ_MISS
  } catch {
    return false
  }
}

function assertNothing(): void {
  // A store that was closed in the meantime refuses the read itself.
}

function ignore(): void {
  // A page that cannot be loaded is read again by the application of the commit, which reports the error.
}
