import { readFileSync } from 'node:fs'
import { isLdbError } from '@ldb/base'
import { PageCache } from '@ldb/cache'
import { MemoryVfs } from '@ldb/vfs'
import type { VfsFile } from '@ldb/vfs'
import { beforeEach, describe, expect, test } from 'vitest'
import { BTree } from '../src/btree.js'
import {
  firstPageNumber,
  META_BLOCK_BYTES,
  META_REGION_BYTES,
  META_STRIDE,
  OVERFLOW_EXTENT_BYTES,
  PageKind,
  extentPageCount,
} from '../src/format.js'
import { plainCodec } from '../src/file/file-codec.js'
import { readFreeSpace } from '../src/file/free-space-reading.js'
import { readMeta } from '../src/file/meta-blocks.js'
import { seeded } from './crash-vfs.js'
import { contentOf, GOLDEN_PAGE_BYTES as PAGE_BYTES, goldenEntries, writeGolden } from './golden.js'
import { drawFile } from './hexdump.js'
import { entriesOf, findingsOf, textOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: damage a small golden tree in every place, open it, read all of it in both directions and verify it.
 * Invariants: what is read is what was written, or a typed error says that it cannot be; never other data, another
 * kind of error, or a walk without end. Damage of the newest meta block may lead back to the checkpoint before it,
 * as a whole, with the `durableSeq` that tells. `verify` finds every flip of a byte that is in use.
 */
const GOLDEN = new Uint8Array(readFileSync(new URL('fixtures/v2/tree.ldb', import.meta.url)))
const EXPECTED = JSON.stringify(goldenEntries(1))
const OLDER = JSON.stringify(goldenEntries(0))
const PAGES = GOLDEN.length / PAGE_BYTES
const FIRST = firstPageNumber(PAGE_BYTES)

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
  /** Code of what was thrown by opening or reading, or `same`, `older`, `WRONG`. */
  readonly data: string
  readonly isFlagged: boolean
}

function smallCache(): PageCache {
  return new PageCache({ bytes: 0, pageBytes: PAGE_BYTES })
}

/** Opens the file as it is and looks at all of it, without writing to it. */
function look(): Outcome {
  let tree: BTree
  try {
    tree = BTree.open(vfs, '/tree.ldb', { cache: smallCache(), rewriteMeta: 'write' })
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

/** Counts outcomes; anything that must not be ends the test. */
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

/** Bytes that are in use, other than those of meta blocks. */
function liveBytes(): { isLive: Uint8Array; kinds: Set<number> } {
  const { freeSpace } = readFreeSpace(goldenFile, plainCodec(META.fileId), META)
  const isLive = new Uint8Array(GOLDEN.length)
  const kinds = new Set<number>()
  for (let page = FIRST; page < PAGES;) {
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

/** Reports whether a byte belongs to the block that is in force. */
function isNewestMeta(at: number): boolean {
  return at >= NEWEST_START && at < NEWEST_START + META_BLOCK_BYTES
}

describe('the golden file', () => {
  test('of version 2 is read for ever', () => {
    expect(look()).toEqual({ data: 'same', isFlagged: false })
  })

  test('holds every kind of page, levels, long keys and free pages', () => {
    expect(kinds).toEqual(new Set(Object.values(PageKind)))
    expect(META.rootLevel).toBeGreaterThanOrEqual(2)
    expect(META.freeCount).toBeGreaterThan(3)
    expect(META.extentCount).toBeGreaterThan(14)
    expect(GOLDEN.length).toBeLessThanOrEqual(65_536)
    expect(GOLDEN.length).toBe(META.pageCount * PAGE_BYTES)
  })

  test('looks as it is drawn', async () => {
    await expect(drawFile(GOLDEN, PAGE_BYTES, 8)).toMatchFileSnapshot('fixtures/v2/tree.hex.txt')
  })

  test('is what the code of today reads from what it writes', () => {
    restore(writeGolden()[1]!)
    expect(look()).toEqual({ data: 'same', isFlagged: false })
  })

  test('can be written to', () => {
    const tree = BTree.open(vfs, '/tree.ldb')
    expect(tree.get(Uint8Array.of())).toEqual(Uint8Array.from('the empty key', (each) => each.charCodeAt(0)))
    tree.compact()
    expect(findingsOf(tree)).toEqual([])
    tree.close()
    expect(look()).toEqual({ data: 'same', isFlagged: false })
  })
})

describe('a flipped bit', () => {
  test('of any byte in use is found by verify, and never read as data', () => {
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
    const outcome = look()
    const what = `bit ${bit} of byte ${at}`
    tally.note(outcome, what, { mayBeOlder: isNewestMeta(at) })
    if (!isNewestMeta(at)) {
      if (!outcome.isFlagged) expect.unreachable(`${what}: verify finds nothing`)
      if (outcome.data === 'same' && !isBookkeeping(at)) expect.unreachable(`${what}: read without complaint`)
    }
    file.write(GOLDEN, at, 1, at)
  }

  /** Free space is read by opening and by verify alone; separators' runs when a search needs them. */
  function isBookkeeping(at: number): boolean {
    return GOLDEN[Math.floor(at / PAGE_BYTES) * PAGE_BYTES + 12] !== PageKind.Leaf
  }

  test('of bytes that are not in use changes nothing', () => {
    for (let at = 0; at < GOLDEN.length; at += 13) {
      const isMeta = at % META_STRIDE < META_BLOCK_BYTES && at < META_REGION_BYTES
      if (isLive[at] === 1 || isMeta) continue
      file.write(Uint8Array.of(GOLDEN[at]! ^ 0x10), 0, 1, at)
      const outcome = look()
      if (outcome.data !== 'same' || outcome.isFlagged) expect.unreachable(`byte ${at}: ${outcome.data}`)
      file.write(GOLDEN, at, 1, at)
    }
  })
})

describe('greater damage', () => {
  test('sectors of zeros, of ones and of noise', () => {
    const tally = new Tally()
    const random = seeded(2)
    for (let start = 0; start < GOLDEN.length; start += 512) {
      for (const make of [() => 0, () => 255, () => random(256)]) {
        restore(GOLDEN)
        file.write(Uint8Array.from({ length: 512 }, make), 0, 512, start)
        tally.note(look(), `sector at ${start}`, { mayBeOlder: start === NEWEST_START })
      }
    }
    expect(tally.counts['LDB_CORRUPTION']).toBeGreaterThan(20)
  })

  test('pages in each other’s places', () => {
    const tally = new Tally()
    for (let a = FIRST; a < PAGES; a += 1) {
      for (let b = a + 1; b < PAGES; b += 1 + ((a + b) % 3)) {
        const swapped = GOLDEN.slice()
        swapped.copyWithin(a * PAGE_BYTES, b * PAGE_BYTES, (b + 1) * PAGE_BYTES)
        swapped.set(GOLDEN.subarray(a * PAGE_BYTES, (a + 1) * PAGE_BYTES), b * PAGE_BYTES)
        restore(swapped)
        tally.note(look(), `pages ${a} and ${b}`)
      }
    }
    expect(tally.counts['LDB_CORRUPTION']).toBeGreaterThan(200)
  })

  test('meta blocks in each other’s places, or one twice', () => {
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
      new Tally().note(look(), 'meta blocks', { mayBeOlder: true })
    }
  })

  test('any cut of the file', () => {
    const tally = new Tally()
    const lengths = new Set<number>()
    for (let length = 0; length < GOLDEN.length; length += 64) lengths.add(length)
    for (let page = 0; page <= PAGES; page += 1)
      for (const more of [-1, 0, 1]) lengths.add(page * PAGE_BYTES + more)
    for (const length of lengths) {
      if (length < 0) continue
      restore(GOLDEN)
      file.truncate(length)
      tally.note(look(), `length ${length}`, { mayBeOlder: length < META_REGION_BYTES })
    }
    expect(tally.counts['same']).toBeLessThan(15)
  })
})

test('an older version of a page is never taken for the newer one', () => {
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

/** Everything in the file as it is, or the code of what reading it throws. */
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
