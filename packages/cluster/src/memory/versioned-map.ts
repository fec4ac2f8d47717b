import { compareBytes, equalBytes, isWithinBounds } from '@ldb/base'
import type { KeyBounds } from '@ldb/base'
import { lowerBound } from '../buffer/key-order.js'
import type { DriverEntry } from '../driver/driver-transaction.js'

/** A value, or `undefined` for a deletion, as of a revision. */
interface KeyVersion {
  readonly revision: number
  readonly value: Uint8Array | undefined
}

interface VersionedKey {
  readonly key: Uint8Array
  /** Ascending by revision, at least one. */
  readonly versions: KeyVersion[]
}

/** An ordered map that keeps the older values of its keys. */
export class VersionedMap {
  #keys: VersionedKey[] = []

  /** Returns the value of a key as of a revision. */
  get(key: Uint8Array, revision: number): Uint8Array | undefined {
    const found = this.#keys[lowerBound(this.#keys, key)]
    return found !== undefined && equalBytes(found.key, key) ? valueAt(found, revision) : undefined
  }

  set(key: Uint8Array, revision: number, value: Uint8Array | undefined): void {
    const index = lowerBound(this.#keys, key)
    const found = this.#keys[index]
    if (found !== undefined && equalBytes(found.key, key)) {
      if (found.versions.at(-1)?.revision === revision) found.versions.pop()
      found.versions.push({ revision, value })
    } else if (value !== undefined) this.#keys.splice(index, 0, { key, versions: [{ revision, value }] })
  }

  /** Returns the first entries within bounds as of a revision. */
  range(bounds: KeyBounds, revision: number, reverse: boolean, countMax: number): DriverEntry[] {
    const entries: DriverEntry[] = []
    const step = reverse ? -1 : 1
    const first = reverse
      ? (bounds.upper === undefined ? this.#keys.length : lowerBound(this.#keys, bounds.upper)) - 1
      : bounds.lower === undefined
        ? 0
        : lowerBound(this.#keys, bounds.lower)
    for (let index = first; entries.length < countMax; index += step) {
      const found = this.#keys[index]
      if (found === undefined || !isWithinBounds(found.key, bounds)) break
      const value = valueAt(found, revision)
      if (value !== undefined) entries.push({ key: found.key, value })
    }
    return entries
  }

  /** Reports whether a key within bounds was changed after a revision. */
  isChangedAfter(bounds: KeyBounds, revision: number): boolean {
    let index = bounds.lower === undefined ? 0 : lowerBound(this.#keys, bounds.lower)
    for (; index < this.#keys.length; index++) {
      const { key, versions } = this.#keys[index] as VersionedKey
      if (bounds.upper !== undefined && compareBytes(key, bounds.upper) >= 0) return false
      if ((versions.at(-1) as KeyVersion).revision > revision) return true
    }
    return false
  }

  /** Discards what no read at or after a revision needs. */
  compact(revision: number): void {
    for (const { versions } of this.#keys) {
      const needed = versions.findIndex(
        (_version, index) => (versions[index + 1]?.revision ?? Infinity) > revision,
      )
      versions.splice(0, needed)
    }
    this.#keys = this.#keys.filter(({ versions: [first], versions }) => {
      const isOldDeletion = first === undefined || (first.value === undefined && first.revision <= revision)
      return versions.length > 1 || !isOldDeletion
    })
  }
}

function valueAt({ versions }: VersionedKey, revision: number): Uint8Array | undefined {
  for (let index = versions.length - 1; index >= 0; index--) {
    const version = versions[index] as KeyVersion
    if (version.revision <= revision) return version.value
  }
  return undefined
}
