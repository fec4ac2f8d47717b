import { compareBytes } from '@ldb/base'
import type { EtcdKeyValue } from '../messages/key-value.js'
import type { EtcdRange } from '../layout/key-layout.js'

/** A key that a transaction has read: as it is in etcd, with the revision of its last change, 0 for none. */
export interface SeenKey {
  readonly key: Uint8Array
  readonly modRevision: number
}

/** What one transaction has read. */
export class ReadSet {
  readonly #seen: Map<string, SeenKey> = new Map()
  #sorted: SeenKey[] | undefined = undefined

  /** Notes a key of a range, or one that exists. */
  add(kv: EtcdKeyValue): void {
    this.#note({ key: kv.key, modRevision: kv.modRevision })
  }

  /** Notes a key that does not exist. */
  addAbsent(key: Uint8Array): void {
    this.#note({ key, modRevision: 0 })
  }

  /** Returns a key that was read, or `undefined` if it was not. */
  get(key: Uint8Array): SeenKey | undefined {
    return this.#seen.get(textOf(key))
  }

  /** Returns the existing keys of a range that were read. */
  within({ key, rangeEnd }: EtcdRange): SeenKey[] {
    const sorted = (this.#sorted ??= this.#sort())
    return sorted.slice(firstNotBelow(sorted, key), firstNotBelow(sorted, rangeEnd))
  }

  #note(seen: SeenKey): void {
    this.#seen.set(textOf(seen.key), seen)
    this.#sorted = undefined
  }

  #sort(): SeenKey[] {
    const existing = [...this.#seen.values()].filter(({ modRevision }) => modRevision > 0)
    return existing.sort((a, b) => compareBytes(a.key, b.key))
  }
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1')
}

function firstNotBelow(sorted: readonly SeenKey[], key: Uint8Array): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareBytes((sorted[middle] as SeenKey).key, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
