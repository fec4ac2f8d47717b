import { equalBytes } from '@ldb/base'
import type { SalvageDoubt, SalvageLoss } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import { expect, test } from 'vitest'
import {
  FREE_SPACE_PAGE_BITS_OFFSET,
  META_COPY_POSITION,
  META_STRIDE,
  metaCopyEnd,
  metaCopyPage,
  PageKind,
} from '../src/format.js'
import { salvageTree } from '../src/index.js'
import type { TreeSalvageOptions, TreeSalvageReport } from '../src/index.js'
import { contentOf } from './golden.js'
import type { ModelKey } from './tree-harness.js'
import { keyOf, textOf, TreeHarness } from './tree-harness.js'

/**
 * Strategy: a tree of several levels with extents, free pages and stale copies of live pages is damaged page by page, and in combinations.
 * Invariants: no entry comes back that was deleted or overwritten, without a doubt for its key; damaged branches, meta blocks and free-space
 * pages lose nothing while their copies are intact; a damaged leaf or extent loses its own entries only, and each of them is within the
 * key range of a loss.
 */
const PAGE_BYTES = 512
const KIND_OFFSET = 12

interface Salvaged {
  readonly report: TreeSalvageReport
  readonly entries: Map<ModelKey, ModelKey>
  readonly losses: readonly SalvageLoss[]
  readonly doubts: readonly SalvageDoubt[]
}

function salvage(image: Uint8Array, options?: TreeSalvageOptions): Salvaged {
  const vfs = new MemoryVfs()
  vfs.open('/tree.ldb', 'createNew').write(image, 0, image.length, 0)
  const entries = new Map<ModelKey, ModelKey>()
  const losses: SalvageLoss[] = []
  const doubts: SalvageDoubt[] = []
  const report = salvageTree(
    vfs,
    '/tree.ldb',
    {
      entry: (key, value) => {
        if (entries.has(textOf(key))) expect.fail('an entry is given twice')
        entries.set(textOf(key), textOf(value))
      },
      loss: (loss) => losses.push(loss),
      doubt: (doubt) => doubts.push(doubt),
    },
    options,
  )
  expect(report.entryCount).toBe(entries.size)
  // Nothing is written.
  expect(equalBytes(contentOf(vfs, '/tree.ldb'), image)).toBe(true)
  return { report, entries, losses, doubts }
}

interface Built {
  readonly image: Uint8Array
  /** The file at an earlier checkpoint. */
  readonly older: Uint8Array
  readonly model: Map<ModelKey, ModelKey>
  readonly identity: { readonly fileId: Uint8Array; readonly pageBytes: number }
  /** Pages that are neither free nor outside of the checkpoint, by kind. */
  readonly live: ReadonlyMap<number, readonly number[]>
}

function build(seed: number): Built {
  const vfs = new MemoryVfs({ seed })
  const harness = new TreeHarness({ vfs, pageBytes: PAGE_BYTES, cachePages: 400 })
  const keyOfIndex = (index: number): ModelKey =>
    `${index % 25 === 0 ? 'long '.repeat(20) : 'key '}${String(index).padStart(4, '0')}`
  for (let index = 0; index < 300; index += 1) harness.put(keyOfIndex(index), `first ${'v'.repeat(40)}`)
  harness.tree.checkpoint()
  for (let index = 0; index < 300; index += 3) harness.put(keyOfIndex(index), `second ${index}`)
  for (let index = 0; index < 60; index += 1) harness.delete(keyOfIndex(index))
  harness.put('large', 'x'.repeat(1300))
  harness.tree.checkpoint()
  const older = contentOf(vfs, harness.path)
  for (let index = 200; index < 300; index += 2) harness.put(keyOfIndex(index), `third ${index}`)
  harness.tree.checkpoint()
  const { identity } = harness.tree
  harness.tree.close()
  const image = contentOf(vfs, harness.path)
  return { image, older, model: harness.model, identity, live: livePages(image) }
}

/** Returns the pages that the newest checkpoint does not count as free. A page whose bit is set in the free-space page is free. */
function livePages(image: Uint8Array): Map<number, number[]> {
  const view = new DataView(image.buffer, image.byteOffset, image.length)
  const newest = [0, 1].sort((a, b) =>
    view.getUint32(a * META_STRIDE + 80, true) < view.getUint32(b * META_STRIDE + 80, true) ? 1 : -1,
  )[0] as number
  const bitmap = view.getUint32(newest * META_STRIDE + 140, true) * PAGE_BYTES
  const bitsAt = FREE_SPACE_PAGE_BITS_OFFSET
  const found = new Map<number, number[]>()
  for (let page = 24; page < image.length / PAGE_BYTES; page += 1) {
    if (page === metaCopyPage(PAGE_BYTES)) page = metaCopyEnd(PAGE_BYTES)
    if ((((image[bitmap + bitsAt + (page >> 3)] as number) >> (page & 7)) & 1) === 1) continue
    const isPage = view.getUint32(page * PAGE_BYTES + 8, true) === page
    const kind = isPage ? (image[page * PAGE_BYTES + KIND_OFFSET] as number) : 0
    found.set(kind, [...(found.get(kind) ?? []), page])
  }
  return found
}

function damaged(image: Uint8Array, offsets: readonly number[]): Uint8Array {
  const bytes = image.slice()
  for (const offset of offsets) bytes[offset]! ^= 0x10
  return bytes
}

const BUILT = build(1)
const pagesOf = (kind: number): readonly number[] => BUILT.live.get(kind) ?? []
const inPage = (page: number): number => page * PAGE_BYTES + 77
const BRANCHES = pagesOf(PageKind.Branch).map(inPage)
const FREE_SPACE = pagesOf(PageKind.FreeSpace).map(inPage)
const MIRRORS = pagesOf(PageKind.FreeSpaceMirror).map(inPage)
const METAS = [0, META_STRIDE, 2 * META_STRIDE, META_COPY_POSITION].map((offset) => offset + 90)

function expectWhole({ entries, losses, doubts, report }: Salvaged): void {
  expect(entries).toEqual(BUILT.model)
  expect({ losses, doubts, lost: report.lostCount }).toEqual({ losses: [], doubts: [], lost: 0 })
}

/** Checks that every entry is the present one, and that each missing one is within a loss. */
function expectOnlyLost({ entries, losses, report }: Salvaged): number {
  for (const [key, value] of entries) {
    if (BUILT.model.get(key) !== value) expect.fail(`${key} has an old value`)
  }
  const missing = [...BUILT.model.keys()].filter((key) => !entries.has(key))
  for (const key of missing) {
    const isReported = losses.some(
      ({ lower, upper }) =>
        (lower === undefined || textOf(lower) <= key) && (upper === undefined || key < textOf(upper)),
    )
    if (!isReported) expect.fail(`the loss of ${key} is not reported`)
  }
  if (report.lostCount !== undefined) expect(report.lostCount).toBe(missing.length)
  return missing.length
}

test('an intact tree is read as a whole', () => {
  expect(pagesOf(PageKind.Branch).length).toBeGreaterThan(4)
  expectWhole(salvage(BUILT.image))
})

test('each damaged branch, and all of them at once, loses nothing', () => {
  for (const offset of BRANCHES) expectWhole(salvage(damaged(BUILT.image, [offset])))
  expectWhole(salvage(damaged(BUILT.image, BRANCHES)))
})

test('damaged meta blocks lose nothing, all of them and all branches included', () => {
  for (const offset of METAS) expectWhole(salvage(damaged(BUILT.image, [offset])))
  expectWhole(salvage(damaged(BUILT.image, METAS)))
  const { entries, doubts, report } = salvage(damaged(BUILT.image, [...METAS, ...BRANCHES]))
  expect(entries).toEqual(BUILT.model)
  // Nothing proves that the damaged pages are branches.
  expect({ doubts, lost: report.lostCount }).toEqual({ doubts: [], lost: undefined })
  const blank = BUILT.image.slice()
  blank.fill(0, 0, 24 * PAGE_BYTES)
  expectWhole(salvage(blank, { identity: BUILT.identity }))
})

test('damaged free-space pages lose nothing', () => {
  expectWhole(salvage(damaged(BUILT.image, [...FREE_SPACE, ...MIRRORS])))
})

test('free-space pages or their mirrors, with all branches and the meta blocks at the front, lose nothing', () => {
  expect(MIRRORS).toHaveLength(FREE_SPACE.length)
  for (const copies of [FREE_SPACE, MIRRORS]) {
    expectWhole(salvage(damaged(BUILT.image, [...copies, ...BRANCHES])))
    expectWhole(salvage(damaged(BUILT.image, [...copies, ...BRANCHES, ...METAS.slice(0, 3)])))
    // Without any meta block, nothing proves that the damaged page was no leaf.
    for (const more of [METAS, [...METAS, ...BRANCHES]]) {
      const { entries, doubts } = salvage(damaged(BUILT.image, [...copies, ...more]))
      expect(entries).toEqual(BUILT.model)
      expect(doubts).toEqual([])
    }
  }
})

test('a damaged leaf loses its own entries, with its key range', () => {
  for (const page of pagesOf(PageKind.Leaf)) {
    const found = salvage(damaged(BUILT.image, [inPage(page)]))
    const lost = expectOnlyLost(found)
    expect(lost).toBeLessThan(20)
    expect(found.losses.map(({ offset }) => offset)).toEqual([page * PAGE_BYTES])
    expectOnlyLost(salvage(damaged(BUILT.image, [inPage(page), ...BRANCHES])))
    expectOnlyLost(salvage(damaged(BUILT.image, [inPage(page), ...METAS, ...BRANCHES])))
  }
})

test('a damaged extent loses its entry, and a damaged separator none', () => {
  for (const page of [...pagesOf(PageKind.Extent), ...pagesOf(0)]) {
    expect(expectOnlyLost(salvage(damaged(BUILT.image, [page * PAGE_BYTES + 40])))).toBeLessThan(2)
  }
})

test('without branches and free space, what may be old is in doubt', () => {
  const offsets = [...BRANCHES, ...FREE_SPACE, ...MIRRORS]
  const { entries, doubts } = salvage(damaged(BUILT.image, offsets))
  expect(doubts).not.toEqual([])
  expect([...BUILT.model.keys()].filter((key) => !entries.has(key)).length).toBeLessThan(BUILT.model.size / 4)
})

test('an old version of a page, whose newer one was never written, is not taken for the page', () => {
  const pageOf = (bytes: Uint8Array, page: number): Uint8Array =>
    bytes.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)
  const stale = pagesOf(PageKind.Leaf).filter((page) => {
    const old = pageOf(BUILT.older, page)
    const isLeaf = old.length === PAGE_BYTES && old[KIND_OFFSET] === PageKind.Leaf
    return isLeaf && !equalBytes(old, pageOf(BUILT.image, page))
  })
  expect(stale.length).toBeGreaterThan(0)
  for (const page of stale) {
    const image = BUILT.image.slice()
    image.set(pageOf(BUILT.older, page), page * PAGE_BYTES)
    expect(expectOnlyLost(salvage(image))).toBeGreaterThan(0)
  }
})

test('the page of another file is not taken for the page', () => {
  const [page = 0] = pagesOf(PageKind.Leaf)
  const image = BUILT.image.slice()
  const other = build(2).image
  image.set(other.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES), page * PAGE_BYTES)
  expect(expectOnlyLost(salvage(image))).toBeGreaterThan(0)
})

test('a file without an intact page is refused', () => {
  expect(() => salvage(new Uint8Array(50_000).fill(7))).toThrow(/no page of the B\+tree is intact/)
})

test('keys and options are those of the caller', () => {
  expect(() => salvage(BUILT.image, { unknown: 1 } as never)).toThrow(/unknown/)
  expect(keyOf('a')).toEqual(Uint8Array.of(97))
})
