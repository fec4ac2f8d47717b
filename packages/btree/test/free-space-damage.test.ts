import { isLdbError } from '@ldb/base'
import type { LdbError, StoreObserver } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import type { VfsFile } from '@ldb/vfs'
import { describe, expect, test } from 'vitest'
import { BTree } from '../src/btree.js'
import { plainCodec } from '../src/file/file-codec.js'
import { writeFreeSpaceAtOnce } from '../src/file/free-space-pages.js'
import { readMeta, writeMeta } from '../src/file/meta-blocks.js'
import { FREE_SPACE_PAGE_BITS_OFFSET, PageKind } from '../src/format.js'
import { FreeSpace } from '../src/space/free-space.js'
import { CrashVfs, seeded } from './crash-vfs.js'
import { entriesOf, findingsOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: one bit of a free-space page is flipped, or several pages are damaged; then the tree is opened, read, written and crashed.
 * Invariants: all data stay readable; no reachable page is reused; `verify` reports every damaged free-space page and nothing else; the
 * next checkpoint repairs the file.
 */
const PAGE_BYTES = 512

interface Built {
  readonly vfs: MemoryVfs
  readonly harness: TreeHarness
  /** Byte offsets of the free-space pages, in the order of the chain. */
  readonly bitmapOffsets: number[]
  /** Those of their mirrors. */
  readonly mirrorOffsets: number[]
}

/** Makes a tree with free pages between live ones, and closes it. */
function build(options: { hasExtents: boolean; keyCount?: number }): Built {
  const { hasExtents, keyCount = 300 } = options
  const vfs = new MemoryVfs()
  const harness = new TreeHarness({ vfs, pageBytes: PAGE_BYTES, cachePages: 200 })
  for (let index = 0; index < keyCount; index += 1) {
    const isLong = hasExtents && index % 20 === 0
    harness.put(`key ${index}${isLong ? 'k'.repeat(90) : ''}`, 'v'.repeat(isLong ? 1200 : 60))
  }
  harness.tree.checkpoint()
  for (let index = 0; index < keyCount; index += 3) harness.delete(`key ${index}`)
  harness.tree.checkpoint()
  harness.tree.close()
  const file = vfs.open(harness.path, 'read')
  const bitmapOffsets = pagesOfKind(file, PageKind.FreeSpace)
  const mirrorOffsets = pagesOfKind(file, PageKind.FreeSpaceMirror)
  file.close()
  return { vfs, harness, bitmapOffsets, mirrorOffsets }
}

/** Returns the offsets of the pages of a kind with the greatest epoch, in the order of the chain. */
function pagesOfKind(file: VfsFile, kind: number): number[] {
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  const view = new DataView(bytes.buffer)
  const found: { offset: number; epoch: number; first: number }[] = []
  for (let offset = 12_288; offset < bytes.length; offset += PAGE_BYTES) {
    if (bytes[offset + 12] !== kind || view.getUint32(offset + 8, true) * PAGE_BYTES !== offset) continue
    found.push({ offset, epoch: view.getUint32(offset + 16, true), first: view.getUint32(offset + 32, true) })
  }
  const newest = Math.max(...found.map(({ epoch }) => epoch))
  return found
    .filter(({ epoch }) => epoch === newest)
    .sort((a, b) => a.first - b.first)
    .map(({ offset }) => offset)
}

/** Returns the offsets of all pages of a kind, stale ones included. */
function everyPage(vfs: MemoryVfs, path: string, kind: number): number[] {
  const file = vfs.open(path, 'read')
  const header = new Uint8Array(32)
  const offsets: number[] = []
  for (let offset = 12_288; offset < file.length(); offset += PAGE_BYTES) {
    file.read(header, 0, header.length, offset)
    if (header[12] === kind) offsets.push(offset)
  }
  file.close()
  return offsets
}

function flip(vfs: MemoryVfs, path: string, offset: number, bit: number): void {
  const file = vfs.open(path, 'write')
  const byte = new Uint8Array(1)
  file.read(byte, 0, 1, offset)
  byte[0]! ^= 1 << bit
  file.write(byte, 0, 1, offset)
  file.close()
}

test('a page and its mirror are in different blocks of the device', () => {
  const { bitmapOffsets, mirrorOffsets } = build({ hasExtents: true, keyCount: 12_000 })
  expect(bitmapOffsets.length).toBeGreaterThan(1)
  const blocks = (offsets: readonly number[]): number[] => offsets.map((offset) => Math.floor(offset / 4096))
  const mirrors = blocks(mirrorOffsets)
  expect(mirrors).toHaveLength(bitmapOffsets.length)
  blocks(bitmapOffsets).forEach((block, index) => expect(mirrors[index]).not.toBe(block))
})

test('of each pair of copies one may be damaged: the other one is read, whatever else is damaged', () => {
  const { vfs, harness, bitmapOffsets, mirrorOffsets } = build({ hasExtents: false, keyCount: 12_000 })
  const intact = BTree.open(vfs, harness.path, { rewriteMeta: 'write' })
  const { liveBytes } = intact.stats()
  intact.close()
  for (const first of [0, 1]) {
    // The two chains alternate: neither of them is whole.
    const offsets = bitmapOffsets.map((offset, index) =>
      index % 2 === first ? offset : mirrorOffsets[index]!,
    )
    const branches = everyPage(vfs, harness.path, PageKind.Branch)
    for (const offset of [...offsets, ...branches]) flip(vfs, harness.path, offset + 70, 3)
    const healed: number[] = []
    const observer = { ...SILENT, healed: (fault: LdbError) => healed.push(fault.details.offset ?? -1) }
    const tree = BTree.open(vfs, harness.path, { rewriteMeta: 'write', observer })
    // Without a branch, no walk can rebuild the bits.
    expect(tree.stats().liveBytes).toBe(liveBytes)
    expect(healed).toEqual(bitmapOffsets.filter((_, index) => index % 2 === first))
    tree.close()
    for (const offset of [...offsets, ...branches]) flip(vfs, harness.path, offset + 70, 3)
  }
})

test('a mirror that differs from its page, with a right checksum, is a warning', () => {
  const { vfs, harness } = build({ hasExtents: false })
  const file = vfs.open(harness.path, 'write')
  const meta = readMeta(file)
  const codec = plainCodec(meta.fileId)
  const layout = { pageBytes: PAGE_BYTES, epoch: meta.epoch }
  const stale = FreeSpace.ofFile(PAGE_BYTES, meta.pageCount)
  const mirrors = { pages: [meta.freeSpaceMirrorPage], mirrors: [meta.freeSpaceMirrorPage] }
  const { mirror } = writeFreeSpaceAtOnce(file, codec, layout, stale, mirrors)
  writeMeta(file, codec, {
    ...meta,
    freeSpaceMirrorChecksumLow: mirror.checksumLow,
    freeSpaceMirrorChecksumHigh: mirror.checksumHigh,
  })
  const tree = BTree.open(vfs, harness.path, { rewriteMeta: 'none' })
  expect(findingsOf(tree)).toEqual([
    expect.objectContaining({
      message: expect.stringContaining('the mirror of a free-space page differs from it'),
      severity: 'warning',
    }),
  ])
  tree.close()
})

test('a mirror of another state is not read: its checksum is not the one that is recorded', () => {
  const { vfs, harness, bitmapOffsets } = build({ hasExtents: false })
  const file = vfs.open(harness.path, 'write')
  const meta = readMeta(file)
  // All pages are free in it. It is intact.
  const other = FreeSpace.ofFile(PAGE_BYTES, meta.pageCount)
  other.freeAll()
  const pages = { pages: [meta.freeSpaceMirrorPage], mirrors: [meta.freeSpaceMirrorPage] }
  const layout = { pageBytes: PAGE_BYTES, epoch: meta.epoch }
  writeFreeSpaceAtOnce(file, plainCodec(meta.fileId), layout, other, pages)
  flip(vfs, harness.path, bitmapOffsets[0]! + 90, 1)
  const healed: string[] = []
  const observer = { ...SILENT, healed: (fault: LdbError) => healed.push(fault.message) }
  const tree = BTree.open(vfs, harness.path, { rewriteMeta: 'write', observer })
  // The walk has rebuilt the free space, which has another number of pages.
  expect(healed).toEqual([expect.stringContaining('does not match its checksum')])
  expect(tree.stats().liveBytes).toBeGreaterThan(0)
  expect(findingsOf(tree).map(({ message }) => message)).toEqual([
    expect.stringContaining('does not match its checksum'),
    expect.stringContaining('does not match its checksum'),
  ])
  tree.close()
})

const NO_SINK = { finding: () => undefined, progress: () => undefined }

const SILENT: StoreObserver = {
  wantsCheckpoint: () => undefined,
  stalled: () => undefined,
  completed: () => undefined,
  failed: () => undefined,
  healed: () => undefined,
}

describe.each([
  ['a free-space page of a tree without extents', false, 'bitmapOffsets'],
  ['a free-space page of a tree with extents', true, 'bitmapOffsets'],
  ['the mirror of one', false, 'mirrorOffsets'],
] as const)('one flipped bit in %s', (_, hasExtents, copy) => {
  test.each([0, 13, 18, 33, FREE_SPACE_PAGE_BITS_OFFSET + 5, 500])(
    'in byte %i: the data are read and written, and the next checkpoint repairs the page',
    (byte) => {
      const { vfs, harness, ...offsets } = build({ hasExtents })
      const [damagedOffset = 0] = offsets[copy]
      const expected = harness.expected()
      flip(vfs, harness.path, damagedOffset + byte, byte % 8)
      const tree = BTree.open(vfs, harness.path, { rewriteMeta: 'write' })
      expect(entriesOf(tree.snapshot())).toEqual(expected)
      expect(findingsOf(tree)).toEqual([
        expect.objectContaining({ kind: 'checksum', severity: 'warning', offset: damagedOffset }),
      ])
      tree.close()
      harness.tree = BTree.open(vfs, harness.path)
      const { fileBytes, liveBytes } = harness.tree.stats()
      expect(liveBytes).toBeLessThan(fileBytes - 10 * PAGE_BYTES)
      // A damaged mirror that nothing has read is replaced by a scrub.
      for (const _step of harness.tree.verifySteps(NO_SINK, { rebuild: true }));
      harness.tree.checkpoint()
      expect(findingsOf(harness.tree)).toEqual([])
      harness.reopen()
      for (let index = 0; index < 80; index += 1) harness.put(`new ${index}`, 'n'.repeat(60))
      expect(harness.actual()).toEqual(harness.expected())
      harness.tree.checkpoint()
      expect(findingsOf(harness.tree)).toEqual([])
      harness.reopen()
      expect(harness.actual()).toEqual(harness.expected())
      expect(findingsOf(harness.tree)).toEqual([])
    },
  )
})

test('opening writes nothing when it rebuilds free space', () => {
  const { vfs, harness, bitmapOffsets, mirrorOffsets } = build({ hasExtents: true })
  for (const offset of [...bitmapOffsets, ...mirrorOffsets]) flip(vfs, harness.path, offset + 60, 1)
  const file = vfs.open(harness.path, 'read')
  const before = new Uint8Array(file.length())
  file.read(before, 0, before.length, 0)
  const tree = BTree.open(vfs, harness.path, { rewriteMeta: 'write' })
  findingsOf(tree)
  tree.close()
  const after = new Uint8Array(file.length())
  file.read(after, 0, after.length, 0)
  expect(after).toEqual(before)
})

test('the exact free space is rebuilt: a tree with damaged pages writes what an intact one writes', () => {
  const intact = build({ hasExtents: true })
  const damaged = build({ hasExtents: true })
  for (const offset of [...damaged.bitmapOffsets, ...damaged.mirrorOffsets]) {
    flip(damaged.vfs, damaged.harness.path, offset + 60, 1)
  }
  const sizes = [intact, damaged].map(({ vfs, harness }) => {
    harness.tree = BTree.open(vfs, harness.path)
    const { liveBytes } = harness.tree.stats()
    harness.put('new', 'value')
    harness.tree.checkpoint()
    return [liveBytes, harness.tree.stats().fileBytes]
  })
  expect(sizes[1]).toEqual(sizes[0])
})

test('verify reports each damaged free-space page and mirror, and goes on', () => {
  const { vfs, harness, bitmapOffsets, mirrorOffsets } = build({ hasExtents: false, keyCount: 30_000 })
  expect(bitmapOffsets.length).toBeGreaterThan(1)
  const tree = BTree.open(vfs, harness.path, { rewriteMeta: 'write' })
  const damaged = bitmapOffsets.flatMap((offset, index) => [offset, mirrorOffsets[index]!])
  for (const offset of damaged) flip(vfs, harness.path, offset + 50, 1)
  let entryCount = 0
  const offsets: number[] = []
  tree.verify({
    finding: ({ offset }) => offsets.push(offset),
    progress: ({ entries }) => (entryCount += entries),
  })
  expect(offsets).toEqual(damaged)
  expect(entryCount).toBe(harness.model.size)
  tree.close()
})

test('damage of the tree in addition leaves no page free, and the readable data readable', () => {
  const { vfs, harness, bitmapOffsets, mirrorOffsets } = build({ hasExtents: true })
  for (const offset of [...bitmapOffsets, ...mirrorOffsets]) flip(vfs, harness.path, offset + 60, 1)
  const file = vfs.open(harness.path, 'read')
  const header = new Uint8Array(PAGE_BYTES)
  let leaf = 0
  for (let offset = 12_288; leaf === 0; offset += PAGE_BYTES) {
    file.read(header, 0, PAGE_BYTES, offset)
    if (header[12] === PageKind.Leaf) leaf = offset
  }
  // The page may be a stale one: all leaves are damaged in turn until one is reached.
  let damagedCount = 0
  for (let offset = leaf; offset < file.length(); offset += PAGE_BYTES) {
    file.read(header, 0, PAGE_BYTES, offset)
    if (header[12] !== PageKind.Leaf) continue
    flip(vfs, harness.path, offset + 100, 2)
    const tree = BTree.open(vfs, harness.path, { rewriteMeta: 'write' })
    const findings = findingsOf(tree)
    if (findings.length > 2) {
      damagedCount += 1
      expect(tree.stats().liveBytes).toBe(tree.stats().fileBytes)
      expect(codeOf(() => entriesOf(tree.snapshot()))).toBe('LDB_CORRUPTION')
    } else expect(entriesOf(tree.snapshot())).toEqual(harness.expected())
    tree.close()
    flip(vfs, harness.path, offset + 100, 2)
  }
  expect(damagedCount).toBeGreaterThan(3)
})

test('a crash of a tree with rebuilt free space leaves one of its checkpoints', () => {
  const random = seeded(3)
  const { vfs, harness, bitmapOffsets, mirrorOffsets } = build({ hasExtents: true })
  for (const offset of [...bitmapOffsets, ...mirrorOffsets]) flip(vfs, harness.path, offset + 60, 1)
  const file = vfs.open(harness.path, 'read')
  const image = new Uint8Array(file.length())
  file.read(image, 0, image.length, 0)
  const crash = new CrashVfs('/tree.ldb', image)
  const crashing = new TreeHarness({ vfs: crash.vfs, pageBytes: PAGE_BYTES, cachePages: 32 })
  crashing.model = new Map(harness.model)
  const before = JSON.stringify(crashing.expected())
  for (let index = 0; index < 120; index += 1) crashing.put(`new ${index}`, 'n'.repeat(60))
  const after = JSON.stringify(crashing.expected())
  let imageCount = 0
  crash.onChange = () => {
    const other = new CrashVfs('/tree.ldb', crash.crashImage(random))
    const reopened = new TreeHarness({ vfs: other.vfs, pageBytes: PAGE_BYTES, cachePages: 32 })
    expect([before, after]).toContain(JSON.stringify(reopened.actual()))
    reopened.tree.close()
    imageCount += 1
  }
  crashing.tree.checkpoint()
  expect(imageCount).toBeGreaterThan(20)
})

function codeOf(part: () => unknown): string {
  try {
    part()
  } catch (error) {
    return isLdbError(error) ? error.code : String(error)
  }
  return 'nothing thrown'
}
