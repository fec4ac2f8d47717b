import type { Entry, TrustStore } from './subject.js'

const VALUE_CHARS = 100
const BATCH_ENTRIES = 500
const KEY_DIGITS = 8

/** Returns the key with a number. Keys sort as their numbers. */
export function keyOf(index: number): string {
  return `key-${String(index).padStart(KEY_DIGITS, '0')}`
}

/** Returns the value of a key in a version of the data. Every value of every version is different. */
export function valueOf(index: number, version = 0): string {
  return `${index}/${version}/`.padEnd(VALUE_CHARS, 'abcdefghij')
}

/** Returns entries of one version. */
export function* entriesOf(count: number, version = 0): Generator<Entry> {
  for (let index = 0; index < count; index++) yield [keyOf(index), valueOf(index, version)]
}

/** Writes entries in batches. */
export async function writeAll(store: TrustStore, entries: Iterable<Entry>): Promise<void> {
  let batch: Entry[] = []
  for (const entry of entries) {
    batch.push(entry)
    if (batch.length < BATCH_ENTRIES) continue
    await store.write(batch)
    batch = []
  }
  if (batch.length > 0) await store.write(batch)
}
