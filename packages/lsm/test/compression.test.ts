// Strategy: one history under every compression, and tables whose units are inspected in the file.
// Invariants: the compression changes no result; each level has its codec; a store opens and reads whatever its option says; an unknown codec
// is LDB_UNSUPPORTED, and loses nothing.
import { isLdbError } from '@ldb/base'
import { CodecTable, DEFLATE_CODEC, LZ4_CODEC } from '@ldb/integrity'
import type { CompressionCodec } from '@ldb/integrity'
import { MemoryVfs } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { LsmTree } from '../src/index.js'
import type { LsmTreeOptions } from '../src/index.js'
import { dataUnits } from './data-units.js'
import { bytesOf, contentOf, fileBytes, LsmHarness, SMALL, sorted, verified } from './lsm-harness.js'

/** A codec of the application: deflate under another id. */
const OWN: CompressionCodec = { ...DEFLATE_CODEC, id: 200, name: 'own' }

const COMPRESSIONS: readonly (readonly [string, LsmTreeOptions['compression']])[] = [
  ['none', 'none'],
  ['lz4', 'lz4'],
  ['deflate', 'deflate'],
  ['adaptive', 'adaptive'],
  ['an application codec', OWN],
]

function harnessOf(compression: LsmTreeOptions['compression'], more: LsmTreeOptions = {}): LsmHarness {
  return new LsmHarness({
    ...SMALL,
    blockBytes: 512,
    ...more,
    ...(compression === undefined ? {} : { compression }),
  })
}

/** Returns text that does not repeat. */
function noiseOf(length: number, seed: number): string {
  let state = seed
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    return String.fromCharCode(state >>> 24)
  }).join('')
}

/** Puts entries that compress well, and some that do not. */
function fill(harness: LsmHarness, count: number, round = 0): void {
  for (let index = 0; index < count; index++) {
    const key = `key${String((index * 7919) % count).padStart(5, '0')}`
    const noise = noiseOf(40, index * 3 + round)
    harness.put(
      key,
      index % 5 === 0 ? noise : `{"round":${round},"index":${index},"text":"${'value '.repeat(index % 7)}"}`,
    )
  }
}

/** Returns the codecs of the data units of all tables of a level. */
function codecsOfLevels(harness: LsmHarness): Map<string, Set<number>> {
  return new Map(
    harness.tableNames().map((name) => {
      const units = dataUnits(fileBytes(harness.vfs, `store/${name}`))
      return [name, new Set(units.map(({ codec }) => codec))]
    }),
  )
}

function codecsOf(harness: LsmHarness): number[] {
  return [...new Set([...codecsOfLevels(harness).values()].flatMap((codecs) => [...codecs]))].sort(
    (a, b) => a - b,
  )
}

test('the same history gives the same entries under every compression', () => {
  const results = COMPRESSIONS.map(([, compression]) => {
    const harness = harnessOf(compression)
    fill(harness, 400)
    harness.store.checkpoint()
    harness.deleteRange('key00100', 'key00150')
    fill(harness, 200, 1)
    for (let index = 0; index < 400; index += 3) harness.delete(`key${String(index).padStart(5, '0')}`)
    harness.store.checkpoint()
    harness.reopen()
    fill(harness, 150, 2)
    harness.store.checkpoint()
    expect(harness.content()).toEqual(sorted(harness.entries))
    expect(verified(harness.store).findings).toEqual([])
    harness.store.compact()
    expect(verified(harness.store).findings).toEqual([])
    harness.reopen()
    return harness.content()
  })
  for (const result of results) expect(result).toEqual(results[0])
})

describe('the codec of a level', () => {
  test.each<[string, LsmTreeOptions['compression'], number[], number[]]>([
    ['none', 'none', [0], [0]],
    ['lz4', 'lz4', [2], [2]],
    ['deflate', 'deflate', [2], [1]],
    ['adaptive', 'adaptive', [2], [1]],
    ['an application codec', OWN, [2], [200]],
    ['the default', undefined, [2], [2]],
  ])('%s', (_, compression, flushed, last) => {
    const harness = harnessOf(compression, { memtableBytes: 1 << 20 })
    for (let index = 0; index < 200; index++)
      harness.put(`key${index}`, 'the same value again and again '.repeat(3))
    harness.store.checkpoint()
    expect(codecsOf(harness)).toEqual(flushed)
    harness.store.compact()
    expect(codecsOf(harness)).toEqual(last)
  })

  test('adaptive has LZ4 between the first and the last level', () => {
    const harness = harnessOf('adaptive', { levelBaseBytes: 2048 })
    for (let round = 0; round < 3; round++) fill(harness, 1500, round)
    harness.store.checkpoint()
    const { levels = [] } = harness.store.stats()
    expect(levels.slice(1, 6).some(({ tableCount }) => tableCount > 0)).toBe(true)
    expect(levels[6]?.tableCount).toBeGreaterThan(0)
    expect(codecsOf(harness).filter((codec) => codec !== 0)).toEqual([1, 2])
  })
})

test('blocks that do not compress are stored as they are, among others that do', () => {
  const harness = harnessOf('lz4', { memtableBytes: 1 << 20 })
  for (let index = 0; index < 30; index++) {
    const noise = noiseOf(600, index)
    harness.put(`a${index}`, index < 20 ? noise : 'x'.repeat(600))
  }
  harness.store.checkpoint()
  expect(codecsOf(harness)).toEqual([0, 2])
  expect(harness.content()).toEqual(sorted(harness.entries))
})

test('statistics report the bytes of the files, and what they would be uncompressed', () => {
  const [plain, compressed] = ['none', 'lz4'].map((compression) => {
    const harness = harnessOf(compression as 'none' | 'lz4', { memtableBytes: 1 << 20 })
    fill(harness, 500)
    harness.store.checkpoint()
    const before = harness.store.stats().levels![0]!
    harness.reopen()
    expect(harness.store.stats().levels![0]).toEqual(before)
    return before
  })
  expect(plain!.rawBytes).toBe(plain!.fileBytes)
  expect(compressed!.rawBytes).toBe(plain!.fileBytes)
  expect(compressed!.fileBytes).toBeLessThan(0.8 * plain!.fileBytes)
})

test('a store opens with any compression, and its tables get the new one when they are compacted', () => {
  const vfs = new MemoryVfs()
  const entries = new Map<string, string>()
  const codecs = new CodecTable()
  codecs.add(OWN)
  for (const [index, [, compression]] of COMPRESSIONS.entries()) {
    const harness = new LsmHarness({ ...SMALL, codecs, compression: compression! }, vfs)
    for (const [key, value] of entries) harness.entries.set(key, value)
    expect(harness.content()).toEqual(sorted(entries))
    // The harness numbers its commits from 1 on.
    harness.reopen()
    for (let at = 0; at < 60; at++) harness.put(`${index}.${at}`, `value ${at % 3} `.repeat(8))
    harness.store.compact()
    expect(codecsOf(harness)).toEqual([[0], [2], [1], [1], [200]][index])
    for (const [key, value] of harness.entries) entries.set(key, value)
    harness.store.close()
  }
})

test('the cache counts blocks by their uncompressed bytes, and decompresses none twice', () => {
  let calls = 0
  const counting: CompressionCodec = {
    ...OWN,
    decompress: (bytes, rawBytes) => {
      calls++
      return OWN.decompress(bytes, rawBytes)
    },
  }
  const harness = harnessOf(counting, { cacheBytes: 1 << 20 })
  for (let index = 0; index < 100; index++) harness.put(`key${100 + index}`, 'x'.repeat(100))
  harness.store.compact()
  calls = 0
  for (let round = 0; round < 3; round++) {
    for (let index = 0; index < 100; index++)
      expect(harness.store.get(bytesOf(`key${100 + index}`))?.length).toBe(100)
  }
  const blocks = harness.tableNames().flatMap((name) => dataUnits(fileBytes(harness.vfs, `store/${name}`)))
  expect(calls).toBe(blocks.length)
  // Their raw bytes fill a cache of this size; their stored bytes would not.
  const small = harnessOf(counting, { cacheBytes: 4096 })
  for (let index = 0; index < 100; index++) small.put(`key${100 + index}`, 'x'.repeat(100))
  small.store.compact()
  for (let index = 0; index < 100; index++) small.store.get(bytesOf(`key${100 + index}`))
  calls = 0
  for (let index = 0; index < 100; index++) small.store.get(bytesOf(`key${100 + index}`))
  expect(calls).toBeGreaterThan(blocks.length / 2)
})

describe('a store whose application codec is unknown', () => {
  function written(): { vfs: MemoryVfs; entries: Map<string, string> } {
    const vfs = new MemoryVfs()
    const harness = new LsmHarness({ ...SMALL, compression: OWN }, vfs)
    for (let index = 0; index < 200; index++) harness.put(`key${index}`, 'value '.repeat(20))
    harness.store.compact()
    harness.store.close()
    return { vfs, entries: harness.entries }
  }

  function codeOf(call: () => unknown): string {
    try {
      call()
    } catch (error) {
      return isLdbError(error) ? error.code : String(error)
    }
    return 'no error'
  }

  test('opens, refuses to read its blocks, and is not compacted', () => {
    const { vfs, entries } = written()
    const harness = new LsmHarness({ ...SMALL, compression: 'lz4' }, vfs)
    harness.reopen()
    expect(codeOf(() => harness.store.get(bytesOf('key1')))).toBe('LDB_UNSUPPORTED')
    expect(codeOf(() => harness.content())).toBe('LDB_UNSUPPORTED')
    expect(codeOf(() => harness.store.compact())).toBe('LDB_UNSUPPORTED')
    // Far more than what starts a compaction.
    for (let index = 0; index < 800; index++) harness.put(`key${index}x`, `value ${index} `.repeat(5))
    harness.store.checkpoint()
    expect(harness.store.get(bytesOf('key1x'))).toEqual(bytesOf('value 1 '.repeat(5)))
    harness.store.close()
    const again = new LsmHarness({ ...SMALL, compression: OWN }, vfs)
    again.store.compact()
    expect(again.content()).toEqual(sorted(new Map([...entries, ...harness.entries])))
    expect(verified(again.store).findings).toEqual([])
  })

  test('is read and compacted from the moment on at which its codec is added', () => {
    const { vfs, entries } = written()
    const codecs = new CodecTable()
    const store = LsmTree.open(vfs, 'store', { ...SMALL, codecs, compression: OWN.id })
    expect(codeOf(() => store.get(bytesOf('key1')))).toBe('LDB_UNSUPPORTED')
    expect(codeOf(() => store.compact())).toBe('LDB_UNSUPPORTED')
    codecs.add(OWN)
    const snapshot = store.snapshot()
    expect(contentOf(snapshot)).toEqual(sorted(entries))
    snapshot.release()
    store.compact()
    store.close()
  })
})

test.each<[string, unknown]>([
  ['an unknown name', 'zstd'],
  ['an id of a built-in codec', 2],
  ['an id above 255', 256],
  ['no codec', { id: 200 }],
  ['a codec with the id of another', { ...LZ4_CODEC }],
  ['null', null],
])('the option compression refuses %s', (_, compression) => {
  const options = { ...SMALL, compression } as LsmTreeOptions
  expect(() => LsmTree.open(new MemoryVfs(), 'store', options)).toThrow(/codec|compression/)
})
