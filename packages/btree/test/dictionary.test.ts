// Strategy: values of several shapes, and values that do not compress, are written in all ways to trees with and without dictionaries, small
// pages and few frames; dictionaries are trained from few samples. The extent of the dictionaries is moved.
// Invariants: reads equal the model, whichever dictionary encoded a value; `verify` has no findings and every page is accounted for.
import { readU32, toSeq } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { BTree } from '../src/btree.js'
import { decodeDictionaries } from '../src/dictionary/dictionary-set.js'
import { SAMPLE_BYTES } from '../src/dictionary/value-encoder.js'
import { DICTIONARIES_COUNT_MAX, META_STRIDE } from '../src/format.js'
import { seeded } from './crash-vfs.js'
import { expectIntact, extentOf, filled, nameOf, open, OPTIONS, PAGE_BYTES } from './dictionary-trees.js'
import { contentOf } from './golden.js'
import { recordOf } from './records.js'
import { ToyCipher } from './toy-cipher.js'
import { entriesOf, findingsOf, keyOf, textOf, TreeHarness } from './tree-harness.js'

test('records take half of the pages, and a tree without the option has no dictionary', () => {
  const plain = filled(2000, { ...OPTIONS, dictionary: false })
  const encoded = filled(2000)
  expectIntact(encoded)
  expect(encoded.tree.stats().liveBytes).toBeLessThan(plain.tree.stats().liveBytes * 0.55)
  expect(contentOf(plain.vfs as MemoryVfs, plain.path)[12]).toBe(0)
  expect(
    contentOf(encoded.vfs as MemoryVfs, encoded.path)[12]! |
      contentOf(encoded.vfs as MemoryVfs, encoded.path)[META_STRIDE + 12]!,
  ).toBe(4)
})

test.each([1, 2, 3, 4])('a random workload equals the model, seed %d', (seed) => {
  const random = seeded(seed * 7907)
  const vfs = new MemoryVfs()
  const harness = new TreeHarness({ vfs, treeOptions: OPTIONS })
  const valueOf = (): string => {
    const index = random(5000)
    const kind = random(12)
    if (kind < 5) return recordOf(index)
    if (kind < 7) return recordOf(index, 'order')
    if (kind < 8) return recordOf(index, 'event')
    if (kind < 9) return recordOf(index).repeat(1 + random(130))
    if (kind < 10) return String.fromCharCode(...Array.from({ length: random(400) }, () => random(256)))
    return 'x'.repeat(random(80))
  }
  const keyAt = (): string => (random(20) === 0 ? 'long'.repeat(40) : '') + nameOf(random(700))
  for (let round = 0; round < 60; round += 1) {
    const kind = random(12)
    if (kind < 7) {
      const changes = new Map(
        Array.from({ length: random(40) }, () => [keyAt(), random(9) === 0 ? undefined : valueOf()]),
      )
      const sorted = random(2) === 0 ? [...changes].sort(([a], [b]) => (a < b ? -1 : 1)) : [...changes]
      if (sorted.length === 0) continue
      harness.apply((batch) => {
        for (const [key, value] of sorted) {
          if (value === undefined) batch.delete(0, keyOf(key))
          else batch.put(0, keyOf(key), keyOf(value))
        }
      })
      for (const [key, value] of sorted) {
        if (value === undefined) harness.model.delete(key)
        else harness.model.set(key, value)
      }
    } else if (kind < 8) harness.put(keyAt(), valueOf())
    else if (kind < 9) harness.tree.checkpoint()
    else if (kind < 10) harness.tree.compact()
    else if (kind < 11) harness.deleteRange(nameOf(random(700)), nameOf(700))
    else {
      harness.tree.checkpoint()
      harness.reopen()
    }
  }
  expectIntact(harness)
  const snapshot = harness.tree.snapshot()
  const before = harness.expected()
  harness.tree.compact()
  for (let index = 0; index < 200; index += 1) harness.put(nameOf(index), valueOf())
  expect(entriesOf(snapshot)).toEqual(before)
  snapshot.release()
  expectIntact(harness)
})

describe('reads of encoded values', () => {
  const harness = filled(600)
  const { tree } = harness
  const names = [3, 300, 599].map(nameOf)

  test('get, getBorrowed and getMany', () => {
    for (const name of names) {
      expect(textOf(tree.get(keyOf(name))!)).toBe(harness.model.get(name))
      expect(textOf(tree.getBorrowed(keyOf(name))!)).toBe(harness.model.get(name))
    }
    const keys = Buffer.concat(names.map(keyOf))
    const found = tree.getMany(
      new Uint8Array(keys),
      names.map((_, index) => (index + 1) * names[0]!.length),
    )
    expect(found.map((value) => textOf(value!))).toEqual(names.map((name) => harness.model.get(name)))
  })

  test('a value that is returned stays as it is', () => {
    const first = tree.get(keyOf(names[0]!))!
    for (let index = 0; index < 600; index += 1) tree.get(keyOf(nameOf(index)))
    expect(textOf(first)).toBe(harness.model.get(names[0]!))
  })

  test('cursors: values, taken values, both directions, skipped entries', () => {
    const snapshot = tree.snapshot()
    const cursor = snapshot.cursor()
    const taken: string[] = []
    for (let found = cursor.last(); found; found = cursor.previous()) taken.push(textOf(cursor.takeValue()))
    expect(taken.reverse()).toEqual(harness.expected().map(([, value]) => value))
    cursor.first()
    const isOdd = (bytes: Uint8Array, start: number, end: number): boolean =>
      textOf(bytes.subarray(start, end)).includes('"newsletter":false')
    cursor.skipWhile(1, (bytes, start, end) => !isOdd(bytes, start, end))
    expect(textOf(cursor.key)).toBe(nameOf(1))
    cursor.close()
    snapshot.release()
  })

  test('without the option, and values that are written then stay as they are', () => {
    const image = contentOf(harness.vfs as MemoryVfs, harness.path)
    const reopened = open(image, { ...OPTIONS, dictionary: false })
    reopened.model = new Map(harness.model)
    expectIntact(reopened)
    for (let index = 0; index < 600; index += 2) reopened.put(nameOf(index), recordOf(index + 1))
    reopened.tree.checkpoint()
    expectIntact(reopened)
    expect(reopened.tree.stats().liveBytes).toBeGreaterThan(tree.stats().liveBytes * 1.3)
  })
})

test('a bulk load is encoded, but for its first values', () => {
  const entries = Array.from({ length: 3000 }, (_, index): [Uint8Array, Uint8Array] => [
    keyOf(nameOf(index)),
    keyOf(recordOf(index)),
  ])
  const sizes = [true, false].map((dictionary) => {
    const tree = BTree.open(new MemoryVfs(), '/tree.ldb', { ...OPTIONS, dictionary })
    tree.load(entries, toSeq(1))
    tree.checkpoint()
    expect(findingsOf(tree)).toEqual([])
    const snapshot = tree.snapshot()
    expect(entriesOf(snapshot).length).toBe(3000)
    expect(textOf(tree.get(keyOf(nameOf(2999)))!)).toBe(recordOf(2999))
    snapshot.release()
    return tree.stats().liveBytes
  })
  expect(sizes[0]).toBeLessThan(sizes[1]! * 0.55)
})

test('a compaction of full effort trains a dictionary, and encodes what is stored as it is', () => {
  const harness = filled(1000, { ...OPTIONS, dictionary: false })
  harness.tree.compact()
  const before = harness.tree.stats().fileBytes
  const image = contentOf(harness.vfs as MemoryVfs, harness.path)
  const encoded = open(image)
  encoded.model = new Map(harness.model)
  encoded.tree.compact()
  expectIntact(encoded)
  expect(encoded.tree.stats().fileBytes).toBeLessThan(before * 0.6)
  // Only the range of a compaction.
  const half = open(image)
  half.tree.compact({ upper: keyOf(nameOf(500)) })
  expect(half.tree.stats().liveBytes).toBeGreaterThan(encoded.tree.stats().liveBytes * 1.2)
})

test('a new dictionary is trained when the values change, up to a bound, and older ones stay', () => {
  const harness = filled(300)
  const vfs = harness.vfs as MemoryVfs
  const countOf = (): number => decodeDictionaries(extentOf(contentOf(vfs, harness.path)).content)!.length
  expect(countOf()).toBe(1)
  for (let index = 300; index < 800; index += 1) harness.put(nameOf(index), recordOf(index))
  harness.tree.checkpoint()
  expect(countOf()).toBe(1)
  for (let index = 800; index < 1400; index += 1) harness.put(nameOf(index), recordOf(index, 'order'))
  harness.tree.checkpoint()
  expect(countOf()).toBe(2)
  harness.reopen()
  expectIntact(harness)
  for (let kind = 0; kind < 12; kind += 1) {
    const text = Buffer.from(
      Array.from({ length: 40 }, (_, at) => (at * (2 * kind + 3) * 37) % 251),
    ).toString('hex')
    for (let index = 0; index < 500; index += 1)
      harness.put(`${kind}${nameOf(index)}`, `${text}${recordOf(index).slice(15, 22)}`)
  }
  harness.tree.checkpoint()
  expect(countOf()).toBeGreaterThan(3)
  expect(countOf()).toBeLessThanOrEqual(DICTIONARIES_COUNT_MAX)
  expectIntact(harness)
})

test('values that do not compress are stored as they are, and need no dictionary', () => {
  const random = seeded(5)
  const harness = new TreeHarness({ treeOptions: OPTIONS })
  for (let index = 0; index < 200; index += 1) {
    harness.put(nameOf(index), String.fromCharCode(...Array.from({ length: 150 }, () => random(256))))
  }
  harness.tree.checkpoint()
  expectIntact(harness)
  expect(200 * 150).toBeGreaterThan(3 * SAMPLE_BYTES)
  expect(contentOf(harness.vfs as MemoryVfs, harness.path)[12]).toBe(0)
})

test('values of more than a page that are short enough when encoded are in leaves', () => {
  const harness = filled(300)
  const before = harness.tree.stats().liveBytes
  for (let index = 0; index < 5; index += 1) harness.put(`large${index}`, recordOf(index).repeat(40))
  harness.tree.checkpoint()
  expectIntact(harness)
  // An extent of each would take six pages.
  expect(harness.tree.stats().liveBytes - before).toBeLessThan(5 * PAGE_BYTES)
  harness.put('larger', recordOf(1).repeat(200))
  harness.tree.checkpoint()
  expect(harness.tree.stats().liveBytes - before).toBeGreaterThan(20 * PAGE_BYTES)
  expectIntact(harness)
})

test('the free space is rebuilt with the extent of the dictionaries, and a compaction moves it', () => {
  const harness = filled(1500)
  const vfs = harness.vfs as MemoryVfs
  const image = contentOf(vfs, harness.path)
  const free = readU32(image, (readU32(image, 80) > readU32(image, META_STRIDE + 80) ? 0 : META_STRIDE) + 140)
  image[free * PAGE_BYTES + 60]! ^= 0xff
  const rebuilt = open(image)
  rebuilt.model = new Map(harness.model)
  for (let index = 0; index < 300; index += 1) rebuilt.put(nameOf(index * 5), recordOf(index))
  rebuilt.tree.checkpoint()
  expectIntact(rebuilt)
  // A dictionary that is trained late is behind most pages.
  const late = new TreeHarness({ treeOptions: OPTIONS })
  for (let index = 0; index < 3000; index += 1) late.put(nameOf(index), 'x'.repeat(60))
  for (let index = 0; index < 300; index += 1) late.put(`z${nameOf(index)}`, recordOf(index))
  late.tree.checkpoint()
  late.deleteRange(nameOf(0), nameOf(3000))
  late.tree.compact()
  expectIntact(late)
  const { start } = extentOf(contentOf(late.vfs as MemoryVfs, late.path))
  expect(start).toBeLessThan(80 * PAGE_BYTES)
  expect(late.tree.stats().fileBytes).toBeLessThan(80 * PAGE_BYTES)
})

test('the dictionaries of an encrypted file are encrypted', () => {
  const cipher = new ToyCipher()
  const harness = filled(400, { ...OPTIONS, createCipher: () => cipher })
  expectIntact(harness)
  harness.reopen()
  expectIntact(harness)
  const texts = [harness, filled(400)].map(({ vfs, path }) =>
    Buffer.from(contentOf(vfs as MemoryVfs, path)).toString('latin1'),
  )
  expect(texts.map((text) => text.includes('subscription'))).toEqual([false, true])
})
