import { BatchReader, compareByteRanges, OperationKind } from '@ldb/base'
import type { KeyspaceSection } from '@ldb/base'

/** A key that commits in flight do not touch: the store has its value. */
export const NOT_IN_FLIGHT: unique symbol = Symbol('no commit in flight touches the key')

/** A range that a commit in flight empties. */
interface EmptiedRange {
  readonly order: number
  readonly keyspaceId: number
  readonly lower: Uint8Array
  readonly upper: Uint8Array | undefined
}

/** What a commit in flight makes of a key. */
interface KeyChange {
  readonly order: number
  /** `undefined` when it is removed. */
  readonly value: Uint8Array | undefined
}

/**
 * What commits that are logged and not yet visible make of keys. Conditional writes decide on it, so that they see every
 * commit before theirs. Filled when the first of them asks: plain writes pay nothing.
 */
export class InFlightKeys {
  readonly #changes: Map<string, KeyChange> = new Map()
  readonly #ranges: EmptiedRange[] = []
  readonly #reader = new BatchReader()
  #order = 0
  /** Newest commit that is in here. */
  seq = 0

  /** Takes the operations of a commit in; commits come in their order. */
  add(sections: readonly KeyspaceSection[], seq: number): void {
    this.seq = seq
    for (const section of sections) this.#addSection(section)
  }

  /**
   * Returns the value that a key will have: `undefined` when it will be absent, `NOT_IN_FLIGHT` when nothing changes it.
   * The key is the first `keyBytes` bytes.
   */
  find(keyspaceId: number, key: Uint8Array, keyBytes: number): Uint8Array | undefined | typeof NOT_IN_FLIGHT {
    const change = this.#changes.get(nameOf(keyspaceId, key, 0, keyBytes))
    const order = change?.order ?? -1
    for (let index = this.#ranges.length - 1; index >= 0; index--) {
      const range = this.#ranges[index] as EmptiedRange
      if (range.order < order) break
      if (range.keyspaceId === keyspaceId && isWithin(range, key, keyBytes)) return undefined
    }
    return change === undefined ? NOT_IN_FLIGHT : change.value
  }

  /** Forgets everything: nothing is in flight any more. */
  clear(): void {
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
        this.#changes.set(nameOf(keyspaceId, reader.bytes, reader.keyStart, reader.keyEnd), { order, value })
      } else {
        const upper = reader.kind === OperationKind.DeleteRange ? reader.value() : undefined
        this.#ranges.push({ order, keyspaceId, lower: reader.key(), upper })
      }
    }
  }
}

function isWithin(range: EmptiedRange, key: Uint8Array, keyBytes: number): boolean {
  const { lower, upper } = range
  if (compareByteRanges(key, 0, keyBytes, lower, 0, lower.length) < 0) return false
  return upper === undefined || compareByteRanges(key, 0, keyBytes, upper, 0, upper.length) < 0
}

/** A name for a key of a keyspace; different keys have different ones. */
function nameOf(keyspaceId: number, key: Uint8Array, start: number, end: number): string {
  let name = `${keyspaceId}:`
  for (let index = start; index < end; index++) name += String.fromCharCode(key[index] as number)
  return name
}
