// Strategy: queues and stacks delete at one end in memory and in tables, while readers of several states seek.
// Invariants: every reader finds what its state has, whatever others have found to be empty; a second seek reads no further.
import { expect, test } from 'vitest'
import { TableReader } from '../src/table/table-reader.js'
import { bytesOf, LsmHarness, sorted, textOf } from './lsm-harness.js'
import type { StoreSnapshot } from '@ldb/base'

const keyOf = (number: number): string => `key${String(number).padStart(5, '0')}`

function firstOf(snapshot: StoreSnapshot, from = ''): string | undefined {
  const cursor = snapshot.cursor()
  const key = cursor.seek(bytesOf(from)) ? textOf(cursor.key) : undefined
  cursor.close()
  return key
}

function lastOf(snapshot: StoreSnapshot, upper?: string): string | undefined {
  const cursor = snapshot.cursor(upper === undefined ? undefined : { upper: bytesOf(upper) })
  const key = cursor.last() ? textOf(cursor.key) : undefined
  cursor.close()
  return key
}

/** Calls with a snapshot of the present. */
function now<T>({ store }: LsmHarness, read: (snapshot: StoreSnapshot) => T): T {
  const snapshot = store.snapshot()
  try {
    return read(snapshot)
  } finally {
    snapshot.release()
  }
}

test('readers of every state see their entries where others have found nothing', () => {
  const harness = new LsmHarness()
  const states: { snapshot: StoreSnapshot; keys: string[] }[] = []
  for (let number = 0; number < 400; number++) harness.put(keyOf(number), 'value')
  for (let round = 0; round < 12; round++) {
    for (let number = round * 30; number < (round + 1) * 30; number++) harness.delete(keyOf(number))
    if (round % 3 === 1) harness.put(keyOf(round * 15), 'again')
    if (round % 4 === 2) harness.deleteRange(keyOf(380 - round), keyOf(390))
    if (round === 6) harness.store.compact()
    if (round === 8) harness.load([[keyOf(7), 'loaded']])
    const snapshot = harness.store.snapshot()
    states.push({ snapshot, keys: [...sorted(harness.entries).keys()] })
    for (const { snapshot: each, keys } of states) {
      expect(firstOf(each)).toBe(keys[0])
      expect(firstOf(each, keyOf(20))).toBe(keys.find((key) => key >= keyOf(20)))
      expect(lastOf(each)).toBe(keys.at(-1))
      expect(lastOf(each, keyOf(200))).toBe(keys.filter((key) => key < keyOf(200)).at(-1))
      expect(each.count()).toBe(keys.length)
    }
  }
  for (const { snapshot } of states) snapshot.release()
})

test('a seek behind a queue in tables reads the deleted blocks once', () => {
  const harness = new LsmHarness({ memtableBytes: 2 ** 20, blockBytes: 256, tableBytes: 4096, cacheBytes: 0 })
  const pinned = harness.store.snapshot()
  for (let number = 0; number < 2000; number++) harness.put(keyOf(number), 'value')
  harness.store.checkpoint()
  for (let number = 0; number < 1900; number++) harness.delete(keyOf(number))
  harness.store.checkpoint()
  const read = TableReader.prototype.block
  let blockCount = 0
  TableReader.prototype.block = function (...parameters) {
    blockCount++
    return read.apply(this, parameters)
  }
  try {
    expect(now(harness, firstOf)).toBe(keyOf(1900))
    const firstCount = blockCount
    expect(firstCount).toBeGreaterThan(100)
    blockCount = 0
    expect(now(harness, firstOf)).toBe(keyOf(1900))
    expect(now(harness, (snapshot) => lastOf(snapshot, keyOf(1899)))).toBeUndefined()
    expect(blockCount).toBeLessThan(30)
  } finally {
    TableReader.prototype.block = read
  }
  pinned.release()
})
