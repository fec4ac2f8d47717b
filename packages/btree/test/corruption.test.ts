import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isLdbError } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { MemoryVfs } from '@ldb/vfs'
import type { VfsFile } from '@ldb/vfs'
import { beforeEach, describe, expect, test } from 'vitest'
import { BTree } from '../src/btree.js'
import {
  firstPageNumber,
  META_BLOCK_BYTES,
  META_COPY_POSITION,
  META_REGION_BYTES,
  META_STRIDE,
  OVERFLOW_EXTENT_BYTES,
  PageKind,
  extentPageCount,
  metaCopyEnd,
  metaCopyPage,
} from '../src/format.js'
import { plainCodec } from '../src/file/file-codec.js'
import { readFreeSpace } from '../src/file/free-space-reading.js'
import { readMeta } from '../src/file/meta-blocks.js'
import { seeded } from './crash-vfs.js'
import { contentOf, GOLDEN_PAGE_BYTES as PAGE_BYTES, goldenEntries, writeGolden } from './golden.js'
import { formatFile } from './hexdump.js'
import { entriesOf, findingsOf, textOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: damage every part of a small golden tree, open it, read all entries in both directions and verify it.
 * Invariants: a read returns the written data or throws a typed error. It never returns other data, throws another error or
 * fails to end. After damage to the newest meta block, open may return the whole previous checkpoint with its `durableSeq`.
 * `verify` finds every flipped byte that is in use.
 */
if (process.env['LDB_GOLDEN'] === 'write') {
  mkdirSync(new URL('fixtures/v4', import.meta.url), { recursive: true })
  writeFileSync(new URL('fixtures/v4/tree.ldb', import.meta.url), writeGolden()[1]!)
}
const GOLDEN = new Uint8Array(readFileSync(new URL('fixtures/v4/tree.ldb', import.meta.url)))
const EXPECTED = JSON.stringify(goldenEntries(1))
const OLDER = JSON.stringify(goldenEntries(0))
const PAGES = GOLDEN.length / PAGE_BYTES
const FIRST = firstPageNumber(PAGE_BYTES)
const COPY_PAGE = metaCopyPage(PAGE_BYTES)

const vfs = new MemoryVfs()
let file: VfsFile

beforeEach(() => {
  file = vfs.open('/tree.ldb', 'create')
  restore(GOLDEN)
})

function restore(bytes: Uint8Array): void {
  file.truncate(bytes.length)
  file.write(bytes, 0, bytes.length, 0)
}

interface Outcome {
  /** Error code of open or read, or `same`, `older` or `WRONG`. */
  readonly data: string
  readonly isFlagged: boolean
}

function smallCache(): PageCache {
  return new PageCache({ bytes: 0, pageBytes: PAGE_BYTES })
}

/** Opens the file, verifies it and reads all entries. Writes nothing. */
function inspect(): Outcome {
  let tree: BTree
  try {
    // Behind a crash, a damaged copy of the meta block is no fault; this file is known to be durable.
    tree = BTree.open(vfs, '/tree.ldb', { cache: smallCache(), rewriteMeta: 'none' })
  } catch (error) {
    return { data: codeOf(error), isFlagged: true }
  }
  let isFlagged: boolean
  try {
    isFlagged = findingsOf(tree).length > 0
  } catch (error) {
    tree.close()
    return { data: `verify threw ${String(error)}`, isFlagged: false }
  }
  let data: string
  try {
    data = readBothWays(tree)
  } catch (error) {
    data = codeOf(error)
  }
  tree.close()
  return { data, isFlagged }
}

function readBothWays(tree: BTree): string {
  const snapshot = tree.snapshot()
  const forward = JSON.stringify(entriesOf(snapshot))
  const backward: [string, string][] = []
  const cursor = snapshot.cursor()
  while (cursor.previous()) backward.push([textOf(cursor.key), textOf(cursor.value)])
  if (JSON.stringify(backward.reverse()) !== forward) return 'WRONG: directions differ'
  if (forward === EXPECTED) return tree.durableSeq === EXPECTED_SEQ ? 'same' : 'WRONG: seq'
  return forward === OLDER && tree.durableSeq < EXPECTED_SEQ ? 'older' : 'WRONG: data'
}

function codeOf(error: unknown): string {
  return isLdbError(error) ? error.code : `untyped ${String(error)}`
}

/** Counts outcomes. Fails the test at an outcome that is not allowed. */
class Tally {
  readonly counts: Record<string, number> = {}

  note(outcome: Outcome, what: string, options: { mayBeOlder?: boolean } = {}): void {
    const { data } = outcome
    this.counts[data] = (this.counts[data] ?? 0) + 1
    const allowed = [
      'same',
      'LDB_CORRUPTION',
      'LDB_FORMAT',
      ...(options.mayBeOlder === true ? ['older'] : []),
    ]
    if (!allowed.includes(data)) expect.unreachable(`${what}: ${data}`)
  }
}

const goldenVfs = new MemoryVfs()
const goldenFile = goldenVfs.open('/tree.ldb', 'create')
goldenFile.write(GOLDEN, 0, GOLDEN.length, 0)
const META = readMeta(goldenFile)
const EXPECTED_SEQ = META.durableSeq
const NEWEST_START = (META.checkpoint % 2) * META_STRIDE

/** Returns which bytes are in use, without those of meta blocks, and the kinds of pages. */
function liveBytes(): { isLive: Uint8Array; kinds: Set<number> } {
  const { freeSpace } = readFreeSpace(goldenFile, plainCodec(META.fileId), META)
  const isLive = new Uint8Array(GOLDEN.length)
  const kinds = new Set<number>()
  for (let page = FIRST; page < PAGES;) {
    if (page === COPY_PAGE) page = metaCopyEnd(PAGE_BYTES)
    const start = page * PAGE_BYTES
    const kind = GOLDEN[start + 12]!
    if (freeSpace.isFree(page)) page += 1
    else if (kind === PageKind.Extent) {
      const contentBytes = new DataView(GOLDEN.buffer, start).getUint32(24, true)
      isLive.fill(1, start, start + OVERFLOW_EXTENT_BYTES + contentBytes)
      page += extentPageCount(contentBytes, PAGE_BYTES)
      kinds.add(kind)
    } else {
      isLive.fill(1, start, start + PAGE_BYTES)
      page += 1
      kinds.add(kind)
    }
  }
  return { isLive, kinds }
}

const { isLive, kinds } = liveBytes()

/** Reports whether a byte belongs to the newest meta block, or to its copy. */
function isNewestMeta(at: number): boolean {
  return [NEWEST_START, META_COPY_POSITION].some((start) => at >= start && at < start + META_BLOCK_BYTES)
}

describe('the golden file', () => {
  test('of the present version is readable', () => {
    expect(inspect()).toEqual({ data: 'same', isFlagged: false })
  })

  test('contains every kind of page, three levels, long keys and free pages', () => {
    expect(kinds).toEqual(new Set(Object.values(PageKind)))
    expect(META.rootLevel).toBeGreaterThanOrEqual(2)
    expect(META.freeCount).toBeGreaterThan(3)
    expect(META.extentCount).toBeGreaterThan(14)
    expect(GOLDEN.length).toBeLessThanOrEqual(65_536)
    expect(GOLDEN.length).toBe(META.pageCount * PAGE_BYTES)
  })

  test('matches its hexdump', async () => {
    await expect(formatFile(GOLDEN, PAGE_BYTES, 8)).toMatchFileSnapshot('fixtures/v4/tree.hex.txt')
  })

  test('equals what the present code writes and reads', () => {
    restore(writeGolden()[1]!)
    expect(inspect()).toEqual({ data: 'same', isFlagged: false })
  })

  test('can be written to', () => {
    const tree = BTree.open(vfs, '/tree.ldb')
    expect(tree.get(Uint8Array.of())).toEqual(Uint8Array.from('the empty key', (each) => each.charCodeAt(0)))
    tree.compact()
    expect(findingsOf(tree)).toEqual([])
    tree.close()
    expect(inspect()).toEqual({ data: 'same', isFlagged: false })
  })
})

describe('a flipped bit', () => {
  test('of any byte in use is found by verify and never returned as data', () => {
    const random = seeded(1)
    const tally = new Tally()
    for (let at = 0; at < GOLDEN.length; at += 1) {
      if (isLive[at] === 0 && !isNewestMeta(at)) continue
      // All bits of headers, one of every other byte.
      const isHeader = at % PAGE_BYTES < 32 && at % 3 === 0
      const first = random(8)
      for (let bit = first; bit < (isHeader ? first + 8 : first + 1); bit += 1) flip(at, bit % 8, tally)
    }
    expect(tally.counts['LDB_CORRUPTION']).toBeGreaterThan(10_000)
  })

  function flip(at: number, bit: number, tally: Tally): void {
    const byte = Uint8Array.of(GOLDEN[at]! ^ (1 << bit))
    file.write(byte, 0, 1, at)
    const outcome = inspect()
    const what = `bit ${bit} of byte ${at}`
    tally.note(outcome, what)
    if (!outcome.isFlagged) expect.unreachable(`${what}: verify reports nothing`)
    if (isNewestMeta(at)) {
      if (outcome.data !== 'same') expect.unreachable(`${what}: the other block is not used: ${outcome.data}`)
    } else if (outcome.data === 'same' && !isOptional(at))
      expect.unreachable(`${what}: read without an error`)
    file.write(GOLDEN, at, 1, at)
  }

  /** Reports whether entries can be read without a byte: only open and verify read free space, and few searches read separators' extents. */
  function isOptional(at: number): boolean {
    return GOLDEN[Math.floor(at / PAGE_BYTES) * PAGE_BYTES + 12] !== PageKind.Leaf
  }

  test('of an unused byte changes nothing', () => {
    for (let at = 0; at < GOLDEN.length; at += 13) {
      const isMeta = at % META_STRIDE < META_BLOCK_BYTES && at < META_REGION_BYTES
      if (isLive[at] === 1 || isMeta || isNewestMeta(at)) continue
      file.write(Uint8Array.of(GOLDEN[at]! ^ 0x10), 0, 1, at)
      const outcome = inspect()
      if (outcome.data !== 'same' || outcome.isFlagged) expect.unreachable(`byte ${at}: ${outcome.data}`)
      file.write(GOLDEN, at, 1, at)
    }
  })
})

describe('larger damage', () => {
  test('sectors of zeros, ones and random bytes', () => {
    const tally = new Tally()
    const random = seeded(2)
    for (let start = 0; start < GOLDEN.length; start += 512) {
      for (const make of [() => 0, () => 255, () => random(256)]) {
        restore(GOLDEN)
        file.write(Uint8Array.from({ length: 512 }, make), 0, 512, start)
        tally.note(inspect(), `sector at ${start}`, {})
      }
    }
    expect(tally.counts['LDB_CORRUPTION']).toBeGreaterThan(20)
  })

  test('swapped pages', () => {
    const tally = new Tally()
    for (let a = FIRST; a < PAGES; a += 1) {
      for (let b = a + 1; b < PAGES; b += 1 + ((a + b) % 3)) {
        const swapped = GOLDEN.slice()
        swapped.copyWithin(a * PAGE_BYTES, b * PAGE_BYTES, (b + 1) * PAGE_BYTES)
        swapped.set(GOLDEN.subarray(a * PAGE_BYTES, (a + 1) * PAGE_BYTES), b * PAGE_BYTES)
        restore(swapped)
        tally.note(inspect(), `pages ${a} and ${b}`)
      }
    }
    expect(tally.counts['LDB_CORRUPTION']).toBeGreaterThan(200)
  })

  test('swapped meta blocks, and one meta block twice', () => {
    const a = GOLDEN.slice(0, META_BLOCK_BYTES)
    const b = GOLDEN.slice(META_STRIDE, META_STRIDE + META_BLOCK_BYTES)
    for (const [first, second] of [
      [b, a],
      [a, a],
      [b, b],
    ] as const) {
      restore(GOLDEN)
      file.write(first, 0, first.length, 0)
      file.write(second, 0, second.length, META_STRIDE)
      new Tally().note(inspect(), 'meta blocks', { mayBeOlder: true })
    }
  })

  test('truncation to any length', () => {
    const tally = new Tally()
    const lengths = new Set<number>()
    for (let length = 0; length < GOLDEN.length; length += 64) lengths.add(length)
    for (let page = 0; page <= PAGES; page += 1)
      for (const more of [-1, 0, 1]) lengths.add(page * PAGE_BYTES + more)
    for (const length of lengths) {
      if (length < 0) continue
      restore(GOLDEN)
      file.truncate(length)
      tally.note(inspect(), `length ${length}`, { mayBeOlder: length < META_REGION_BYTES })
    }
    expect(tally.counts['same']).toBeLessThan(15)
  })
})

test('an older version of a page is never accepted as the newest one', () => {
  const random = seeded(3)
  const history = new MemoryVfs()
  const harness = new TreeHarness({ vfs: history, pageBytes: PAGE_BYTES, cachePages: 32 })
  const images: Uint8Array[] = []
  for (let round = 0; round < 8; round += 1) {
    for (let step = 0; step < 40; step += 1)
      harness.put(`key-${random(150)}`, 'v'.repeat(random(step % 10 === 0 ? 900 : 90)))
    harness.tree.checkpoint()
    images.push(contentOf(history, harness.path))
  }
  const newest = images.pop()!
  const expected = JSON.stringify(harness.expected())
  let refused = 0
  for (const [round, image] of images.entries()) {
    for (let page = FIRST; page < Math.min(image.length, newest.length) / PAGE_BYTES; page += 1) {
      const [start, end] = [page * PAGE_BYTES, (page + 1) * PAGE_BYTES]
      const version = image.subarray(start, end)
      if (version.every((byte, index) => byte === newest[start + index])) continue
      restore(newest)
      file.write(version, 0, PAGE_BYTES, start)
      const data = readAll()
      if (data === 'LDB_CORRUPTION') refused += 1
      else if (data !== expected)
        expect.unreachable(`page ${page} of checkpoint ${round}: ${data.slice(0, 50)}`)
    }
  }
  expect(refused).toBeGreaterThan(100)
})

/** Returns all entries of the file, or the code of the error of a read. */
function readAll(): string {
  try {
    const tree = BTree.open(vfs, '/tree.ldb', { cache: smallCache(), rewriteMeta: 'write' })
    try {
      return JSON.stringify(entriesOf(tree.snapshot()))
    } finally {
      tree.close()
    }
  } catch (error) {
    return codeOf(error)
  }
}
