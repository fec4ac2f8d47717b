import { compareBytes, toSeq, WriteBatch } from '@ldb/base'
import type { KeyBounds, OrderedStore, StoreSnapshot } from '@ldb/base'
import { bytesOf, textOf } from '../base/byte-text.js'
import { assertGuarantee } from '../base/violation.js'

/** A sorted map beside a store. Every operation is applied to both, and both must return the same. */
export class StoreModel {
  store: OrderedStore
  entries: Map<string, string> = new Map()
  /** Content at the last checkpoint. */
  checkpointed: Map<string, string> = new Map()
  seq = 0

  constructor(store: OrderedStore) {
    this.store = store
  }

  /** Applies operations: `{key, value}` puts, `{key}` deletes and `{lower, upper}` deletes a range. */
  apply(...operations: StoreOperation[]): void {
    const batch = new WriteBatch()
    for (const operation of operations) {
      if ('key' in operation) {
        const { key, value } = operation
        if (value === undefined) batch.delete(1, bytesOf(key))
        else batch.put(1, bytesOf(key), bytesOf(value))
        if (value === undefined) this.entries.delete(key)
        else this.entries.set(key, value)
      } else {
        const { lower, upper } = operation
        batch.deleteRange(1, bytesOf(lower), upper === undefined ? undefined : bytesOf(upper))
        for (const key of this.entries.keys()) {
          if (key >= lower && (upper === undefined || key < upper)) this.entries.delete(key)
        }
      }
    }
    const [section] = batch.sections()
    if (section === undefined) return
    this.seq++
    this.store.apply(section, toSeq(this.seq))
  }

  checkpoint(shrink = false): void {
    if (shrink) this.store.compact()
    else this.store.checkpoint()
    this.checkpointed = new Map(this.entries)
    assertGuarantee(
      this.store.durableSeq === this.store.seq,
      () => 'durableSeq is not seq after a checkpoint',
    )
  }

  /** Compares the whole content with the map and runs the store's verification. */
  check(): void {
    const snapshot = this.store.snapshot()
    checkSnapshot(snapshot, this.entries)
    snapshot.release()
    const { entryCount, isEntryCountExact } = this.store.stats()
    assertGuarantee(!isEntryCountExact || entryCount === this.entries.size, () => 'the entry count is wrong')
    const findings: string[] = []
    this.store.verify({
      finding: ({ kind, offset, message }) => findings.push(`${kind} at ${offset}: ${message}`),
      progress: () => undefined,
    })
    assertGuarantee(findings.length === 0, () => `verify finds ${findings.slice(0, 3).join('; ')}`)
  }
}

/** An operation on a store and its model. */
export type StoreOperation =
  { readonly key: string; readonly value?: string } | { readonly lower: string; readonly upper?: string }

/** Compares a snapshot with the expected entries, forwards and backwards. */
export function checkSnapshot(snapshot: StoreSnapshot, entries: ReadonlyMap<string, string>): void {
  const expected = sorted(entries)
  checkRange(snapshot, expected, {})
  for (const [key, value] of expected.slice(0, 50)) {
    const found = snapshot.get(bytesOf(key))
    assertGuarantee(
      found !== undefined && textOf(found) === value,
      () => `get returns another value for ${key}`,
    )
    assertGuarantee(snapshot.has(bytesOf(key)), () => `has returns false for ${key}`)
  }
}

/** Compares a range of a snapshot with the sorted entries through every cursor movement. */
export function checkRange(
  snapshot: StoreSnapshot,
  all: readonly [string, string][],
  bounds: KeyBounds,
): void {
  const expected = all.filter(([key]) => isWithin(bytesOf(key), bounds))
  assertGuarantee(snapshot.count(bounds) === expected.length, () => `count returns ${snapshot.count(bounds)}`)
  const cursor = snapshot.cursor(bounds)
  try {
    const current = (): string => `${textOf(cursor.key)}=${textOf(cursor.value)}`
    for (const [key, value] of expected) {
      assertGuarantee(
        cursor.next() && current() === `${key}=${value}`,
        () => `next does not reach ${JSON.stringify(key)}`,
      )
    }
    assertGuarantee(!cursor.next() && !cursor.valid, () => 'next moves past the last entry')
    for (const [key, value] of [...expected].reverse()) {
      assertGuarantee(
        cursor.previous() && current() === `${key}=${value}`,
        () => `previous does not reach ${key}`,
      )
    }
    assertGuarantee(!cursor.previous(), () => 'previous moves past the first entry')
    assertGuarantee(cursor.first() === expected.length > 0, () => 'first is wrong')
    assertGuarantee(cursor.last() === expected.length > 0, () => 'last is wrong')
    for (const target of seekTargets(expected)) {
      const atOrAbove = expected.find(([key]) => key >= target)
      const found = cursor.seek(bytesOf(target)) ? current() : undefined
      assertGuarantee(
        found === joined(atOrAbove),
        () => `seek to ${JSON.stringify(target)} finds ${found ?? 'nothing'}`,
      )
      const atOrBelow = [...expected].reverse().find(([key]) => key <= target)
      const back = cursor.seekBackward(bytesOf(target)) ? current() : undefined
      assertGuarantee(
        back === joined(atOrBelow),
        () => `seekBackward to ${JSON.stringify(target)} finds ${back ?? 'nothing'}`,
      )
    }
  } finally {
    cursor.close()
  }
}

/** Returns the entries in byte order of their keys. */
export function sorted(entries: ReadonlyMap<string, string>): [string, string][] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1))
}

function joined(entry: readonly [string, string] | undefined): string | undefined {
  return entry === undefined ? undefined : `${entry[0]}=${entry[1]}`
}

/** Returns a sample of the keys and strings directly above and below them. */
function seekTargets(expected: readonly [string, string][]): string[] {
  const step = Math.max(1, Math.floor(expected.length / 20))
  const keys = expected.filter((_, index) => index % step === 0).map(([key]) => key)
  return ['', '\u00ff'.repeat(10), ...keys.flatMap((key) => [key, `${key}\0`, key.slice(0, -1)])]
}

function isWithin(key: Uint8Array, { lower, upper }: KeyBounds): boolean {
  return (
    (lower === undefined || compareBytes(key, lower) >= 0) &&
    (upper === undefined || compareBytes(key, upper) < 0)
  )
}
