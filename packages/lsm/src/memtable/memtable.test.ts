import { compareBytes } from '@ldb/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { EntryKind } from '../format.js'
import { KeyRuns } from './key-runs.js'
import { sortKeySteps } from './key-sort.js'
import type { KeySource } from './key-sort.js'
import { MemtableCursor } from './memtable-cursor.js'
import { Memtable } from './memtable.js'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)

const KEY_COUNT = 100_003

/** Keys of many shapes by their numbers: with long common beginnings, with zeros at their ends, and plain numbers. */
function keyOf(number: number): Uint8Array {
  if (number % 4 === 0) return bytesOf(`a long beginning that many keys share/${number}`)
  if (number % 4 === 1)
    return bytesOf(`z${'\0'.repeat(number % 9)}${number % 5 === 0 ? number : `:${number}`}`)
  if (number < 40) return bytesOf(`p${'\0'.repeat(number)}`)
  return bytesOf(String(number))
}

function sourceOf(): KeySource {
  const keys = Array.from({ length: KEY_COUNT }, (_, number) => keyOf(number))
  const starts = [0]
  for (const key of keys) starts.push((starts.at(-1) ?? 0) + key.length)
  const bytes = new Uint8Array(starts.at(-1) ?? 0)
  for (const [number, key] of keys.entries()) bytes.set(key, starts[number])
  return { bytes, keyStart: (key) => starts[key]!, keyEnd: (key) => starts[key + 1]! }
}

const inOrder = (a: number, b: number): number => compareBytes(keyOf(a), keyOf(b))

function sortedKeys(runs: readonly Int32Array[]): number[] {
  for (const run of runs) expect([...run]).toEqual([...run].sort(inOrder))
  return runs.flatMap((run) => [...run]).sort(inOrder)
}

test('every key is in one run, however additions, readers and steps alternate', () => {
  const source = sourceOf()
  const actions = fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom('read', 'step')), {
    maxLength: 30,
  })
  fc.assert(
    fc.property(actions, (list) => {
      const runs = new KeyRuns(source)
      const expected: number[] = []
      let steps: Generator<number, void, void> | undefined
      for (const action of list) {
        if (action === 'read') expect(sortedKeys(runs.runs())).toEqual([...expected].sort(inOrder))
        else if (action === 'step') {
          steps ??= runs.sortSteps()
          if (steps.next().done === true) steps = undefined
        } else {
          // Keys are added while no sort is in progress.
          while (steps !== undefined && steps.next().done !== true);
          steps = undefined
          for (let index = 0; index < action; index++) {
            const key = (expected.length * 7919) % KEY_COUNT
            expected.push(key)
            runs.add(key)
          }
        }
      }
      expect(sortedKeys(runs.runs())).toEqual([...expected].sort(inOrder))
    }),
    { numRuns: 40 },
  )
})

test('a sort of many keys is the same as one by comparisons', () => {
  const source = sourceOf()
  const keys = Int32Array.from({ length: 20_000 }, (_, index) => (index * 7919) % KEY_COUNT)
  const steps = sortKeySteps(keys.slice(), source)
  let stepCount = 1
  let step = steps.next()
  for (; step.done !== true; step = steps.next()) stepCount++
  expect(stepCount).toBeGreaterThan(100)
  expect(step.value).toEqual(keys.sort(inOrder))
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

test('a memtable that takes the memory of another one has its own keys only', () => {
  const put = (memtable: Memtable, key: string): void => {
    const source = bytesOf(`${key}value of ${key}`)
    memtable.add(EntryKind.Put, 1, source, 0, key.length, key.length, source.length)
  }
  const valueOf = (memtable: Memtable, key: string): string | undefined => {
    const version = memtable.find(bytesOf(key), key.length, 1)
    if (version === 0) return undefined
    return new TextDecoder().decode(
      memtable.bytes.subarray(memtable.valueStart(version), memtable.valueEnd(version)),
    )
  }
  // As long as there is another memtable, memory is kept.
  void new Memtable(6)
  const first = new Memtable(7)
  first.addReference()
  for (let index = 0; index < 500; index++) put(first, `old${index}`)
  const memory = first.bytes
  first.addReference()
  first.removeReference()
  expect(valueOf(first, 'old3')).toBe('value of old3')
  first.removeReference()
  expect(first.bytes).toHaveLength(0)
  const second = new Memtable(7)
  expect(second.bytes).toBe(memory)
  expect(second.byteCount).toBe(new Memtable(8).byteCount)
  for (let index = 0; index < 300; index++) put(second, `new${index}`)
  expect(valueOf(second, 'old3')).toBeUndefined()
  expect(valueOf(second, 'new299')).toBe('value of new299')
  expect(second.keyRuns().flatMap((run) => [...run])).toHaveLength(300)
})
