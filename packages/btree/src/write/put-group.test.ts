import fc from 'fast-check'
import { toSeq, WriteBatch } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import { BTree } from '../btree.js'

// Strategy: batches that are much longer than a group, over few keys, so that within one group leaves are filled, split, merged,
// overwritten with longer and shorter values, and evicted from a small cache. Deletes end groups at any position. A map receives the same
// changes. Invariants: the tree has the entries of the map, and `verify` has no findings.

const operation = fc.record({
  key: fc.nat(150),
  valueBytes: fc.constantFrom(0, 3, 3, 20, 20, 60, 120, 500),
  kind: fc.constantFrom('put', 'put', 'put', 'put', 'put', 'put', 'delete', 'deleteRange'),
})
const batches = fc.array(
  fc.record({
    operations: fc.array(operation, { maxLength: 150 }),
    then: fc.constantFrom('nothing', 'checkpoint', 'pin', 'unpin'),
  }),
  { minLength: 1, maxLength: 12 },
)

test.each([32, 400])('batches leave the entries of the map, with %i pages of cache', (pages) => {
  fc.assert(
    fc.property(batches, (all) => {
      const cache = new PageCache({ bytes: pages * 512, pageBytes: 512 })
      const tree = BTree.open(new MemoryVfs(), '/tree.ldb', { cache })
      const model = new Map<string, string>()
      const pins: { release(): void }[] = []
      for (const [index, { operations, then }] of all.entries()) {
        const batch = new WriteBatch()
        for (const each of operations) apply(batch, model, each, index)
        const [section] = batch.sections()
        batch.encode()
        if (section !== undefined) tree.apply(section, toSeq(index + 1))
        if (then === 'checkpoint') tree.checkpoint()
        if (then === 'pin') pins.push(tree.snapshot())
        if (then === 'unpin') pins.pop()?.release()
        expect(entriesOf(tree)).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)))
      }
      for (const pin of pins) pin.release()
      tree.checkpoint()
      tree.verify({ finding: (finding) => expect.fail(finding.message), progress: () => undefined })
      tree.close()
    }),
    { numRuns: 60 },
  )
})

test('of a key that is put twice, the later value stays, whichever of them fits its leaf', () => {
  const put = fc.record({ key: fc.nat(30), valueBytes: fc.constantFrom(3, 20, 60), kind: fc.constant('put') })
  const puts = fc.array(put, { minLength: 200, maxLength: 200 })
  fc.assert(
    fc.property(fc.array(puts, { minLength: 2, maxLength: 4 }), (all) => {
      const tree = BTree.open(new MemoryVfs(), '/tree.ldb', {
        cache: new PageCache({ bytes: 400 * 512, pageBytes: 512 }),
      })
      const model = new Map<string, string>()
      // Makes all leaves resident: groups are not prefetched otherwise.
      expect(tree.entryCount).toBe(entriesOf(tree).length)
      for (const [index, operations] of all.entries()) {
        const batch = new WriteBatch()
        for (const [at, each] of operations.entries()) apply(batch, model, each, index + at)
        const [section] = batch.sections()
        batch.encode()
        if (section !== undefined) tree.apply(section, toSeq(index + 1))
        expect(entriesOf(tree)).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)))
      }
      tree.close()
    }),
    { numRuns: 30 },
  )
})

interface Operation {
  readonly key: number
  readonly valueBytes: number
  readonly kind: string
}

function apply(batch: WriteBatch, model: Map<string, string>, operation: Operation, index: number): void {
  const { key, valueBytes, kind } = operation
  const text = `key-${String(key).padStart(4, '0')}`
  const value = String.fromCharCode(97 + ((index + key) % 26)).repeat(valueBytes)
  if (kind === 'put') {
    batch.put(1, bytesOf(text), bytesOf(value))
    model.set(text, value)
  } else if (kind === 'delete') {
    batch.delete(1, bytesOf(text))
    model.delete(text)
  } else {
    const upper = `key-${String(key + 5).padStart(4, '0')}`
    batch.deleteRange(1, bytesOf(text), bytesOf(upper))
    for (const each of model.keys()) if (each >= text && each < upper) model.delete(each)
  }
}

function entriesOf(tree: BTree): [string, string][] {
  const snapshot = tree.snapshot()
  const cursor = snapshot.cursor()
  const entries: [string, string][] = []
  while (cursor.next()) entries.push([textOf(cursor.key), textOf(cursor.value)])
  cursor.close()
  snapshot.release()
  return entries
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
