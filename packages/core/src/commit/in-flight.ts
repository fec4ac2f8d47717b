import { BatchReader, compareByteRanges, OperationKind } from '@ldb/base'
import type { KeyspaceSection } from '@ldb/base'
import type { CommitQueue } from '../keyspace/commit-queue.js'

/** Result for a key that no commit in flight changes: its value is in the store. */
export const NOT_IN_FLIGHT: unique symbol = Symbol('no commit in flight changes the key')

/** A range that a commit in flight deletes. */
interface DeletedRange {
  readonly order: number
  readonly keyspaceId: number
  readonly lower: Uint8Array
  readonly upper: Uint8Array | undefined
}

/** The newest change of a key by a commit in flight. */
interface KeyChange {
  readonly order: number
  /** `undefined` when the key is deleted. */
  readonly value: Uint8Array | undefined
}

/**
 * Index of the changes of commits that are logged and not yet visible. Conditional writes read through it, so that they see every
 * earlier commit. It is filled on the first lookup: plain writes do not pay for it.
 */
export class InFlightKeys {
  readonly #changes: Map<string, KeyChange> = new Map()
  readonly #ranges: DeletedRange[] = []
  readonly #reader = new BatchReader()
  #order = 0
  /** Number of the newest indexed commit. */
  #seq = 0

  /**
   * Indexes the queued commits that it does not contain yet; packed ones as a whole, if some are new: no commit follows them. Drops the
   * indexed ones when all of them are visible.
   *
   * @param visibleSeq - number of the newest visible commit.
   */
  update(queue: CommitQueue, visibleSeq: number): void {
    if (this.#seq <= visibleSeq) {
      this.#clear()
      this.#seq = visibleSeq
    }
    for (const { batch, seq } of queue.above(this.#seq)) {
      if (batch === undefined) continue
      this.#seq = seq
      for (const section of batch.sections()) this.#addSection(section)
    }
  }

  /**
   * Returns the value that a key will have: `undefined` when it will be absent, `NOT_IN_FLIGHT` when no commit in flight changes it.
   * The key is the first `keyBytes` bytes.
   */
  find(keyspaceId: number, key: Uint8Array, keyBytes: number): Uint8Array | undefined | typeof NOT_IN_FLIGHT {
    const change = this.#changes.get(mapKeyOf(keyspaceId, key, 0, keyBytes))
    const order = change?.order ?? -1
    for (let index = this.#ranges.length - 1; index >= 0; index--) {
      const range = this.#ranges[index] as DeletedRange
      if (range.order < order) break
      if (range.keyspaceId === keyspaceId && isWithin(range, key, keyBytes)) return undefined
    }
    return change === undefined ? NOT_IN_FLIGHT : change.value
  }

  #clear(): void {
    if (this.#changes.size > 0) this.#changes.clear()
    this.#ranges.length = 0
  }

  #addSection(section: KeyspaceSection): void {
    const reader = this.#reader
    const { keyspaceId } = section
    reader.reset(section)
    while (reader.next()) {
      const order = this.#order++
      if (
        reader.kind === OperationKind.Put ||
        reader.kind === OperationKind.Delete ||
        reader.kind === OperationKind.Expire
      ) {
        const value = reader.kind === OperationKind.Put ? reader.value() : undefined
        this.#changes.set(mapKeyOf(keyspaceId, reader.bytes, reader.keyStart, reader.keyEnd), {
          order,
          value,
        })
      } else {
        const upper = reader.kind === OperationKind.DeleteRange ? reader.value() : undefined
        this.#ranges.push({ order, keyspaceId, lower: reader.key(), upper })
      }
    }
  }
}

function isWithin(range: DeletedRange, key: Uint8Array, keyBytes: number): boolean {
  const { lower, upper } = range
  if (compareByteRanges(key, 0, keyBytes, lower, 0, lower.length) < 0) return false
  return upper === undefined || compareByteRanges(key, 0, keyBytes, upper, 0, upper.length) < 0
}

/** Returns a string that is unique for a key of a keyspace. */
function mapKeyOf(keyspaceId: number, key: Uint8Array, start: number, end: number): string {
  let mapKey = `${keyspaceId}:`
  for (let index = start; index < end; index++) mapKey += String.fromCharCode(key[index] as number)
  return mapKey
}
