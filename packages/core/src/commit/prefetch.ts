import { BatchReader, OperationKind } from '@ldb/base'
import type { KeyspaceSection, OrderedStore } from '@ldb/base'
import type { CommitQueue } from '../keyspace/commit-queue.js'
import { READ_MISS } from '../resident/read-gate.js'
import type { ReadGate } from '../resident/read-gate.js'
import type { KeyspaceTable } from '../keyspace/table.js'

const reader = new BatchReader()

/** Commits of a group that are always looked at, so that pages which are not in memory are noticed. */
const SAMPLE = 16

/** Brings in the pages that a group of commits will change, while its sync runs. */
export class GroupPrefetch {
  readonly #queue: CommitQueue
  readonly #keyspaces: KeyspaceTable
  readonly #gate: ReadGate
  #doneSeq = 0
  #readCountBefore = 0
  /** The last group that was looked at had all its pages in memory, as far as one knows. */
  isWarm = false

  constructor(queue: CommitQueue, keyspaces: KeyspaceTable, gate: ReadGate) {
    this.#queue = queue
    this.#keyspaces = keyspaces
    this.#gate = gate
  }

  /**
   * Looks at the commits that were not looked at yet. Where no file was read since the last time, and the first commits find all
   * in memory, the others are taken to do so, too: looking costs a fifth of a commit. Resolves when the pages are there.
   *
   * @param visibleSeq - commits up to this one are applied already.
   */
  async run(visibleSeq: number): Promise<void> {
    const { readCount } = this.#gate
    const isWarm = readCount === this.#readCountBefore
    this.isWarm = isWarm
    this.#readCountBefore = readCount
    const newest = this.#queue.last
    if (readCount === 0 || newest === undefined) return
    const from = Math.max(this.#doneSeq, visibleSeq)
    this.#doneSeq = newest.seq
    const fetches: Promise<void>[] = []
    let count = 0
    for (const { batch } of this.#queue.above(from)) {
      if (batch === undefined) continue
      if (isWarm && fetches.length === 0 && count >= SAMPLE) break
      prefetchCommit(batch.sections(), this.#keyspaces, this.#gate, fetches)
      count++
    }
    // What could not be fetched is read again, and reported, by the application.
    if (fetches.length === 0) return
    this.isWarm = false
    await Promise.all(fetches)
  }
}

/**
 * Asks for the pages that the keys of a commit stand on, so that applying it does not wait for the device.
 *
 * @remarks A key that misses on its way down is fetched level by level, one key beside the other. Ranges are not looked at.
 * @param fetches - takes what is under way; none of them rejects.
 */
function prefetchCommit(
  sections: readonly KeyspaceSection[],
  keyspaces: KeyspaceTable,
  gate: ReadGate,
  fetches: Promise<void>[],
): void {
  for (const section of sections) {
    const store = keyspaces.byId(section.keyspaceId)?.storeToChange
    if (store === undefined) continue
    reader.reset(section)
    while (reader.next()) {
      if (reader.kind === OperationKind.DeleteRange || reader.kind === OperationKind.DeleteFrom) continue
      const { bytes, keyStart, keyEnd } = reader
      const key = keyStart === 0 ? bytes : bytes.subarray(keyStart, keyEnd)
      const keyBytes = keyEnd - keyStart
      if (!isMissing(store, key, keyBytes, gate)) continue
      const first = gate.fetchMissed()
      const rest = key.slice(0, keyBytes)
      fetches.push(
        first.then(() => gate.read(() => store.prefetch(rest), assertNothing)).then(ignore, ignore),
      )
    }
  }
}

/** Reports whether a key's way down would have to wait. One that fails does so again when the commit is applied. */
function isMissing(store: OrderedStore, key: Uint8Array, keyBytes: number, gate: ReadGate): boolean {
  try {
    return gate.attempt(() => store.prefetch(key, keyBytes)) === READ_MISS
  } catch {
    return false
  }
}

function assertNothing(): void {
  // The store may be closed meanwhile: its own refusal is enough.
}

function ignore(): void {
  // What cannot be fetched is read again by the application of the commit, and reported there.
}
