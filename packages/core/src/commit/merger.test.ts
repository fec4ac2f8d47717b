// Strategy: random commits over a few keys and stores are applied one by one, and through the merger. Some sections are too long to
// be copied, some exceed a merge buffer, and there are more stores than merge buffers.
// Invariants: (G1) and (G3) of the merger: each store ends with the same entries and the same commit number.
import { BatchReader, decodeBatch, OperationKind, WriteBatch } from '@ldb/base'
import type { BatchSection } from '@ldb/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CommitMerger } from './merger.js'

/** A store with keys of one byte, on a map. */
class MapStore {
  readonly entries: Map<number, string> = new Map()
  seq = 0
  applyCount = 0
  fails = false

  apply(section: BatchSection, seq: number): void {
    if (this.fails) throw new Error('no')
    expect(seq).toBeGreaterThan(this.seq)
    this.seq = seq
    this.applyCount++
    const reader = new BatchReader()
    reader.reset(section)
    while (reader.next()) {
      const key = reader.key()[0] ?? -1
      if (reader.kind === OperationKind.Put)
        this.entries.set(key, `${reader.bytes[reader.valueStart]} × ${reader.valueEnd - reader.valueStart}`)
      else if (reader.kind === OperationKind.Delete) this.entries.delete(key)
      else {
        const end = reader.kind === OperationKind.DeleteRange ? (reader.value()[0] as number) : 256
        for (const each of [...this.entries.keys()]) if (each >= key && each < end) this.entries.delete(each)
      }
    }
  }
}

const operation = fc.record({
  store: fc.nat(11),
  kind: fc.constantFrom('put', 'put', 'put', 'delete', 'range'),
  key: fc.nat(9),
  upper: fc.nat(9),
  value: fc.nat(255),
  valueBytes: fc.oneof(
    { arbitrary: fc.integer({ min: 1, max: 200 }), weight: 9 },
    { arbitrary: fc.constantFrom(16_000, 17_000), weight: 1 },
  ),
})
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

function batchOf(operations: readonly Operation[]): WriteBatch {
  const batch = new WriteBatch()
  for (const { store, kind, key, upper, value, valueBytes } of operations) {
    if (kind === 'put') batch.put(store, Uint8Array.of(key), new Uint8Array(valueBytes).fill(value))
    else if (kind === 'delete') batch.delete(store, Uint8Array.of(key))
    else batch.deleteRange(store, Uint8Array.of(key), Uint8Array.of(upper))
  }
  return batch
}

describe('the merger of commits', () => {
  it('leaves each store as the commits one by one would (G1)', () => {
    const commits = fc.array(fc.array(operation, { minLength: 1, maxLength: 4 }), { maxLength: 40 })
    fc.assert(
      fc.property(commits, fc.integer({ min: 1, max: 20 }), fc.boolean(), (all, groupLength, fromFile) => {
        const single = Array.from({ length: 12 }, () => new MapStore())
        const merged = Array.from({ length: 12 }, () => new MapStore())
        const merger = new CommitMerger()
        all.forEach((operations, index) => {
          const batch = batchOf(operations)
          const bytes = batch.encode().slice()
          for (const section of fromFile ? decodeBatch(bytes, 'log', 0) : batch.sections()) {
            single[section.keyspaceId]?.apply(section, index + 1)
            merger.add(merged[section.keyspaceId]!, section, index + 1)
          }
          // The merger has copied the bytes of its sections.
          for (const section of batch.sections()) section.bytes.fill(0xff)
          bytes.fill(0xff)
          if ((index + 1) % groupLength === 0) merger.finish()
        })
        merger.finish()
        for (const [index, { entries, seq }] of single.entries()) {
          expect(merged[index]?.entries).toEqual(entries)
          expect(merged[index]?.seq).toBe(seq)
        }
      }),
    )
  })

  it('applies the commits of one store together', () => {
    const store = new MapStore()
    const merger = new CommitMerger()
    for (let seq = 1; seq <= 64; seq++) {
      const [section] = batchOf([
        { store: 1, kind: 'put', key: seq, upper: 0, value: 7, valueBytes: 100 },
      ]).sections()
      merger.add(store, section!, seq)
    }
    expect(store.applyCount).toBe(0)
    merger.finish()
    expect([store.applyCount, store.seq, store.entries.size]).toEqual([1, 64, 64])
    merger.finish()
    expect(store.applyCount).toBe(1)
  })

  it('applies a buffer when the next section does not fit', () => {
    const store = new MapStore()
    const merger = new CommitMerger()
    for (let seq = 1; seq <= 30; seq++) {
      const put: Operation = { store: 1, kind: 'put', key: seq, upper: 0, value: seq, valueBytes: 15_000 }
      merger.add(store, batchOf([put]).sections()[0]!, seq)
    }
    merger.finish()
    expect([store.applyCount, store.seq]).toEqual([4, 30])
    expect([...store.entries.values()]).toEqual(Array.from({ length: 30 }, (_, at) => `${at + 1} × 15000`))
  })

  it('reports a malformed section of a file with its position, and applies nothing of it', () => {
    const store = new MapStore()
    const merger = new CommitMerger()
    const bytes = batchOf([{ store: 1, kind: 'put', key: 1, upper: 0, value: 7, valueBytes: 10 }])
      .encode()
      .slice()
    const [section] = decodeBatch(bytes, 'log', 4096)
    bytes[12] = 99
    expect(() => {
      merger.add(store, section!, 1)
    }).toThrowError(
      expect.objectContaining({ code: 'LDB_CORRUPTION', details: { file: 'log', offset: 4108, actual: 99 } }),
    )
    merger.finish()
    expect(store.applyCount).toBe(0)
  })

  it('throws what a store throws, and drops its buffers (G3)', () => {
    const broken = new MapStore()
    const merger = new CommitMerger()
    const [section] = batchOf([
      { store: 1, kind: 'put', key: 1, upper: 0, value: 7, valueBytes: 10 },
    ]).sections()
    broken.fails = true
    const other = new MapStore()
    merger.add(broken, section!, 1)
    merger.add(other, section!, 1)
    expect(() => {
      merger.finish()
    }).toThrowError('no')
    const store = new MapStore()
    merger.add(store, section!, 2)
    merger.finish()
    expect([broken.applyCount, other.applyCount]).toEqual([0, 0])
    expect([store.applyCount, store.entries.size]).toEqual([1, 1])
  })
})
