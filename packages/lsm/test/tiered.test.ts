// Strategy: a store with tiered compaction is filled, overwritten and emptied, with snapshots, in memory and after openings with either policy.
// Invariants: it contains what the model contains, its runs stay few, and it writes fewer bytes than with levels.
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { contentOf, LsmHarness, SMALL, sorted, verified } from './lsm-harness.js'

const keyOf = (number: number): string => `key${String(number).padStart(5, '0')}`

/** Counts the bytes that are written to tables. */
class CountingVfs extends MemoryVfs {
  writtenBytes = 0

  override open(...parameters: Parameters<MemoryVfs['open']>): ReturnType<MemoryVfs['open']> {
    const file = super.open(...parameters)
    const write = file.write.bind(file)
    if (parameters[0].endsWith('.sst')) {
      file.write = (source, start, byteCount, position) => {
        this.writtenBytes += byteCount
        write(source, start, byteCount, position)
      }
    }
    return file
  }
}

function fill(harness: LsmHarness): void {
  for (let index = 0; index < 3000; index++) harness.put(keyOf((index * 7919) % 2000), `value ${index}`)
  harness.store.checkpoint()
}

test('a tiered store writes less than one with levels, and has few runs', () => {
  const [leveled, tiered] = (['leveled', 'tiered'] as const).map((compaction) => {
    const vfs = new CountingVfs()
    const harness = new LsmHarness({ ...SMALL, compression: 'none', compaction }, vfs)
    fill(harness)
    expect(harness.content()).toEqual(sorted(harness.entries))
    expect(verified(harness.store).findings).toEqual([])
    const levels = harness.store.stats().levels ?? []
    const runCount = levels.filter(({ tableCount }) => tableCount > 0).length
    expect(runCount).toBeGreaterThan(1)
    expect(levels[0]?.tableCount).toBeLessThan(8)
    return vfs.writtenBytes
  })
  expect(tiered).toBeLessThan(0.8 * (leveled ?? 0))
})

test('snapshots and deletes survive the merges of runs, and the policy may change with each opening', () => {
  const vfs = new MemoryVfs()
  let harness = new LsmHarness({ ...SMALL, compaction: 'tiered' }, vfs)
  for (let round = 0; round < 4; round++) {
    const { store, entries } = harness
    for (let index = 0; index < 600; index++) {
      const key = keyOf((index * 31) % 500)
      if ((index + round) % 3 === 0) harness.delete(key)
      else harness.put(key, `${round}.${index}`)
    }
    const snapshot = store.snapshot()
    const before = sorted(entries)
    harness.deleteRange(keyOf(100 * round), keyOf(100 * round + 50))
    for (let index = 0; index < 300; index++) harness.put(keyOf(index), `later ${round}`)
    expect(contentOf(snapshot)).toEqual(before)
    snapshot.release()
    store.checkpoint()
    store.close()
    const next = new LsmHarness({ ...SMALL, compaction: round % 2 === 0 ? 'leveled' : 'tiered' }, vfs)
    next.continue(entries)
    harness = next
    expect(harness.content()).toEqual(sorted(harness.entries))
  }
  expect(verified(harness.store).findings).toEqual([])
})
