import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EntryKind } from '../format.js'
import { KeyRuns } from './key-runs.js'
import { MemtableCursor } from './memtable-cursor.js'
import { Memtable } from './memtable.js'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

function sortedKeys(runs: readonly Int32Array[]): number[] {
  for (const run of runs) expect([...run]).toEqual([...run].sort((a, b) => a - b))
  return runs.flatMap((run) => [...run]).sort((a, b) => a - b)
}

test('every key is in one run, however additions, readers and steps alternate', () => {
  const actions = fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom('read', 'step')), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(actions, (list) => {
      const runs = new KeyRuns((a, b) => a - b)
      const expected: number[] = []
      let steps: Generator<number, void, void> | undefined
      for (const action of list) {
        if (action === 'read') expect(sortedKeys(runs.runs())).toEqual([...expected].sort((a, b) => a - b))
        else if (action === 'step') {
          steps ??= runs.sortSteps()
          if (steps.next().done === true) steps = undefined
        } else {
          // Keys are added while no sort is in progress.
          while (steps !== undefined && steps.next().done !== true);
          steps = undefined
          for (let index = 0; index < action; index++) {
            const key = (expected.length * 7919) % 100_003
            expected.push(key)
            runs.add(key)
          }
        }
      }
      expect(sortedKeys(runs.runs())).toEqual([...expected].sort((a, b) => a - b))
    }),
  )
})

test('a version is found by its stamp, and a cursor walks over all versions', () => {
  const memtable = new Memtable(7)
  const big = 2 ** 40
  for (let index = 0; index < 500; index++) {
    const source = bytesOf(`key${index % 100}value${index}`)
    const keyEnd = `key${index % 100}`.length
    const kind = index % 7 === 0 ? EntryKind.Delete : EntryKind.Put
    memtable.add(kind, big + index, source, 0, keyEnd, keyEnd, source.length)
  }
  for (let index = 0; index < 500; index++) {
    const key = bytesOf(`key${index % 100}`)
    const version = memtable.find(key, key.length, big + index)
    expect(memtable.stampOf(version)).toBe(big + index)
    expect(memtable.kindOf(version)).toBe(index % 7 === 0 ? EntryKind.Delete : EntryKind.Put)
    expect(memtable.find(key, key.length, big - 1)).toBe(0)
  }
  const seen: string[] = []
  for (const keys of memtable.keyRuns()) {
    const cursor = new MemtableCursor(memtable, keys)
    for (cursor.first(); cursor.isValid; cursor.next()) seen.push(`${cursor.entry.stamp - big}`)
    const back: string[] = []
    for (cursor.last(); cursor.isValid; cursor.previous()) back.push(`${cursor.entry.stamp - big}`)
    expect(back.reverse()).toEqual(seen.slice(-back.length))
  }
  expect(seen).toHaveLength(500)
})
