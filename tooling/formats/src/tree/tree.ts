// A whole B+tree file: FORMAT.md of packages/btree.
import { compareBytes } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'
import type { DataKeys } from '../encryption/data-keys.js'
import { readDictionaries } from './dictionaries.js'
import { readFreeSpace } from './free-space.js'
import { readMetaBlocks } from './meta.js'
import type { MetaBlock } from './meta.js'
import { readChildren, readEntries, readTreePage } from './page.js'
import type { Child, Entry, TreePage } from './page.js'
import { TreeFile } from './tree-file.js'

/** Numbers of pages by kind. Their sum is the number of pages of the file. */
export interface PageCounts {
  readonly meta: number
  readonly metaCopy: number
  readonly branch: number
  readonly leaf: number
  readonly extent: number
  readonly freeSpace: number
  readonly freeSpaceMirror: number
  readonly free: number
}

/** What a B+tree file contains at its newest checkpoint. */
export interface Tree {
  readonly meta: MetaBlock
  readonly validMetaBlocks: readonly number[]
  readonly entries: readonly Entry[]
  readonly pages: PageCounts
  /** Numbers of the reached pages, by kind. An extent has the number of its first page. */
  readonly pageNumbers: Readonly<
    Record<'branch' | 'leaf' | 'extent' | 'freeSpace' | 'freeSpaceMirror', readonly number[]>
  >
  /** Bytes of each extent, its header and its trailer included, by its first page. */
  readonly extentBytes: ReadonlyMap<number, number>
}

/** The separators on both sides of a child; `undefined` where there is none. */
interface Fences {
  readonly lower: Uint8Array | undefined
  readonly upper: Uint8Array | undefined
}

/** Reads a B+tree file, and checks every page of its newest checkpoint. */
export function readTree(bytes: Uint8Array, keys?: DataKeys): Tree {
  const blocks = readMetaBlocks(bytes, keys)
  const [meta] = blocks
  const file = new TreeFile(bytes, meta, keys?.cipherOf('tree', meta.view.slice(24, 40)))
  file.dictionaries = meta.dictionaries === undefined ? [] : readDictionaries(file, meta.dictionaries)
  file.claim(meta.copyPage, meta.copyPages)
  const walk = new TreeWalk(file)
  const root = { separator: new Uint8Array(), page: meta.rootPage, checksum: meta.rootChecksum }
  walk.descend(root, meta.rootLevel, { lower: undefined, upper: undefined })
  requireSound(walk.entries.length === meta.entryCount, 'number of entries')
  requireSound(file.extents.length === meta.extentCount, 'number of extents')
  const freeSpace = readFreeSpace(file)
  let free = 0
  for (let page = meta.metaPages; page < meta.pageCount; page += 1) {
    requireSound(
      freeSpace.isFree(page) !== file.isReached(page),
      `page ${page} is neither free nor reached, or both`,
    )
    if (freeSpace.isFree(page)) free += 1
  }
  requireSound(free === meta.freeCount, 'number of free pages')
  const pages = {
    meta: meta.metaPages,
    metaCopy: meta.copyPages,
    branch: walk.branches.length,
    leaf: walk.leaves.length,
    extent:
      file.extents.reduce((total, extent) => total + extent.pages, 0) + (file.dictionaryExtent?.pages ?? 0),
    freeSpace: freeSpace.pages.length,
    freeSpaceMirror: freeSpace.mirrors.length,
    free,
  }
  const extents = [...(file.dictionaryExtent === undefined ? [] : [file.dictionaryExtent]), ...file.extents]
  const pageNumbers = {
    branch: walk.branches,
    leaf: walk.leaves,
    extent: extents.map((extent) => extent.page),
    freeSpace: freeSpace.pages,
    freeSpaceMirror: freeSpace.mirrors,
  }
  const validMetaBlocks = blocks.map(({ block }) => block).sort((left, right) => left - right)
  const extentBytes = new Map(extents.map(({ page, byteCount }) => [page, byteCount]))
  return { meta, validMetaBlocks, entries: walk.entries, pages, pageNumbers, extentBytes }
}

class TreeWalk {
  readonly entries: Entry[] = []
  readonly branches: number[] = []
  readonly leaves: number[] = []
  readonly #file: TreeFile

  constructor(file: TreeFile) {
    this.#file = file
  }

  /** Reads a page and all pages below it, from the least key to the greatest. */
  descend(child: Child, level: number, fences: Fences): void {
    const page = readTreePage(this.#file, child.page, child.checksum, level)
    const lacksFence = fences.lower === undefined || fences.upper === undefined
    requireSound(page.isEdge === lacksFence, `edge flag of page ${page.pageNumber}`)
    if (level === 0) {
      this.leaves.push(page.pageNumber)
      const entries = readEntries(page)
      for (const { key } of entries) checkFences(page, key, fences)
      this.entries.push(...entries)
      return
    }
    this.branches.push(page.pageNumber)
    const children = readChildren(page)
    for (const { separator } of children.slice(1)) checkFences(page, separator, fences)
    children.forEach((each, index) => {
      const lower = index === 0 ? fences.lower : each.separator
      this.descend(each, level - 1, { lower, upper: children[index + 1]?.separator ?? fences.upper })
    })
  }
}

function checkFences(page: TreePage, key: Uint8Array, { lower, upper }: Fences): void {
  requireSound(lower === undefined || compareBytes(lower, key) <= 0, `lower fence of page ${page.pageNumber}`)
  requireSound(upper === undefined || compareBytes(key, upper) < 0, `upper fence of page ${page.pageNumber}`)
}
