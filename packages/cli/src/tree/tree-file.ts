import type { ByteSource } from '../fields/byte-source.js'
import { hashOf, SEED_ZERO, verdict } from '../fields/checksum.js'
import type { DumpLine, DumpLines } from '../fields/dump-line.js'
import { dumpUnit, TRAILER_BYTES } from '../fields/encrypted-unit.js'
import { dumpHeader, readHeader, withoutHeader } from '../fields/file-header.js'
import { bigintOf, dumpTable, readTable } from '../fields/format-table.js'
import {
  factsOf,
  isMeta,
  META_BYTES,
  META_CHECKSUM_OFFSET,
  META_OFFSETS,
  META_PLAIN_BYTES,
  metaUnit,
} from './tree-facts.js'
import type { TreeFacts } from './tree-facts.js'
import { dumpPage } from './tree-page.js'
import { PAGE_HEADER_BYTES, pageUnit, readPage } from './tree-units.js'
import { BTREE_TABLES } from '../tables/btree.js'

/** The last field ends behind the content of an encrypted block. */
const META_UNIT_END = 224
const FREE_BITS_OFFSET = 64
const KINDS = ['?', 'leaf', 'branch', 'overflow extent', 'free space', 'mirror of free space']

/** Yields the fields of the meta blocks, and each page as a unit. */
export function* dumpTree(source: ByteSource): DumpLines {
  for (const at of META_OFFSETS) yield* dumpMeta(source, at)
  const facts = factsOf(source)
  if (facts === undefined) {
    yield { note: 'DAMAGED: no meta block says how large the pages are' }
    return
  }
  yield { title: `pages of ${facts.pageBytes} bytes` }
  yield* pagesOf(source, facts)
}

/** Yields the fields of one page. */
export function* dumpPageAt(source: ByteSource, pageNumber: number): DumpLines {
  const facts = factsOf(source)
  if (facts === undefined) {
    yield { note: 'DAMAGED: no meta block says how large the pages are' }
    return
  }
  const at = pageNumber * facts.pageBytes
  if (at >= source.byteCount)
    yield { note: `the file has pages 0 to ${Math.ceil(source.byteCount / facts.pageBytes) - 1}` }
  else if (isMeta(facts, pageNumber))
    for (const block of META_OFFSETS) {
      if (block >= at && block < at + facts.pageBytes) yield* dumpMeta(source, block)
    }
  else if (facts.isEncrypted) yield* dumpEncryptedPage(source, pageNumber, facts)
  else yield* dumpPage(source, pageNumber, facts)
}

function* dumpEncryptedPage(source: ByteSource, pageNumber: number, facts: TreeFacts): DumpLines {
  yield { title: `page ${pageNumber}, encrypted` }
  const isLocked = source.keys?.() === undefined
  const unit = readPage(source, facts, pageNumber)?.unit
  if (unit !== undefined || isLocked) {
    yield* dumpUnit(source, unit ?? pageUnit(facts, pageNumber), (plain) =>
      dumpPage(plain, pageNumber, facts),
    )
    if (isLocked) yield { note: 'An overflow extent of several pages has its trailer in the last one.' }
    return
  }
  const isFree = freePagesOf(source, facts)(pageNumber)
  yield { note: isFree ? 'The page is free: its bytes mean nothing.' : NO_UNIT }
  const { pageBytes } = facts
  const bytes = source.read(pageNumber * pageBytes, pageBytes)
  yield { offset: pageNumber * pageBytes, bytes, field: 'bytes', value: `${bytes.length} bytes` }
}

const NO_UNIT =
  'No unit that begins here authenticates: DAMAGED, or behind the first page of an overflow extent.'

/** Returns the number of the page at a file offset; `undefined` in a file whose pages are of unknown size. */
export function pageNumberAt(source: ByteSource, offset: number): number | undefined {
  const facts = factsOf(source)
  return facts === undefined ? undefined : Math.floor(offset / facts.pageBytes)
}

function* dumpMeta(source: ByteSource, at: number): DumpLines {
  const bytes = source.read(at, META_BYTES)
  yield { title: `meta block at ${at}` }
  if (bytes.length < META_BYTES || bytes.every((byte) => byte === 0)) {
    yield { note: 'absent' }
    return
  }
  const { isEncrypted } = readHeader(source, at)
  yield* dumpHeader(source, at)
  yield { title: 'meta block' }
  const checksum = verdict(
    bigintOf(bytes.subarray(META_CHECKSUM_OFFSET)),
    hashOf(bytes.subarray(0, META_CHECKSUM_OFFSET), SEED_ZERO),
  )
  const fields: DumpLine[] = [
    ...withoutHeader(dumpTable(source, BTREE_TABLES['Meta block'], at, { checksum })),
  ]
  for (const line of fields) {
    const position = 'offset' in line ? line.offset - at : 0
    if (!isEncrypted || position < META_PLAIN_BYTES || position >= META_CHECKSUM_OFFSET) yield line
    else if (position === META_PLAIN_BYTES) yield* dumpEncryptedMeta(source, at)
  }
}

function* dumpEncryptedMeta(source: ByteSource, block: number): DumpLines {
  const at = block + META_PLAIN_BYTES
  yield* dumpUnit(source, metaUnit(source, block), function* (plain) {
    for (const line of dumpTable(plain, BTREE_TABLES['Meta block'], block, {}, META_UNIT_END)) {
      if ('offset' in line && line.offset >= at) yield line
    }
  })
}

function* pagesOf(source: ByteSource, facts: TreeFacts): DumpLines {
  const { pageBytes, isEncrypted } = facts
  const count = Math.ceil(source.byteCount / pageBytes)
  const isLocked = isEncrypted && source.keys?.() === undefined
  const isFree = freePagesOf(source, facts)
  for (let pageNumber = 0; pageNumber < count; pageNumber++) {
    const line = (detail: string, pages = 1): DumpLine => ({
      offset: pageNumber * pageBytes,
      byteCount: pages * pageBytes,
      unit: `page ${pageNumber}`,
      detail,
    })
    if (isMeta(facts, pageNumber)) yield line('meta blocks')
    else if (isLocked) yield line('encrypted')
    else if (pageNumber >= facts.pageCount) yield line('behind the end of the tree')
    else if (isFree(pageNumber)) yield line('free')
    else {
      const { detail, pages } = describePage(source, facts, pageNumber)
      yield line(detail, Math.min(pages, count - pageNumber))
      pageNumber += Math.min(pages, count - pageNumber) - 1
    }
  }
}

/** Returns what a page is, and the number of its pages. */
function describePage(
  source: ByteSource,
  facts: TreeFacts,
  pageNumber: number,
): { readonly detail: string; readonly pages: number } {
  const { pageBytes, seed } = facts
  const at = pageNumber * pageBytes
  const read = readPage(source, facts, pageNumber)
  if (read === undefined) return { detail: 'DAMAGED: does not authenticate', pages: 1 }
  const header = readTable(read.plain, BTREE_TABLES['Page header'], at)
  if (header?.['pageNumber'] !== pageNumber) return { detail: 'DAMAGED: has another page number', pages: 1 }
  const { kind = 0, level = 0, count = 0, epoch = 0 } = header
  if (kind === EXTENT) {
    const { contentBytes = 0 } = readTable(read.plain, BTREE_TABLES['Overflow extent'], at) ?? {}
    const byteCount = PAGE_HEADER_BYTES + contentBytes + (read.unit === undefined ? 0 : TRAILER_BYTES)
    const detail = `overflow extent of ${contentBytes} bytes, epoch ${epoch}`
    return { detail, pages: Math.max(1, Math.ceil(byteCount / pageBytes)) }
  }
  const page = read.plain.read(at, pageBytes)
  const isIntact = read.unit !== undefined || bigintOf(page.subarray(0, 8)) === hashOf(page.subarray(8), seed)
  const shape = kind <= 2 ? `, level ${level}, ${count} slots` : ''
  const detail = `${KINDS[kind] ?? '?'}${shape}, epoch ${epoch}${isIntact ? '' : ', DAMAGED'}`
  return { detail, pages: 1 }
}

const EXTENT = 3

/** Returns whether a page is free, as the free-space pages say. Damaged ones say nothing. */
function freePagesOf(source: ByteSource, facts: TreeFacts): (pageNumber: number) => boolean {
  const { pageBytes, pageEnd, freeSpacePage } = facts
  const bits = new Map<number, Uint8Array>()
  let pageNumber = freeSpacePage
  while (pageNumber > 0 && pageNumber * pageBytes < source.byteCount) {
    const at = pageNumber * pageBytes
    const plain = readPage(source, facts, pageNumber)?.plain
    const fields = plain && readTable(plain, BTREE_TABLES['Free-space page'], at)
    if (plain === undefined || fields === undefined || bits.has(fields['firstPage'] ?? 0)) break
    bits.set(fields['firstPage'] ?? 0, plain.read(at + FREE_BITS_OFFSET, pageEnd - FREE_BITS_OFFSET))
    pageNumber = fields['nextPage'] ?? 0
  }
  const described = (pageEnd - FREE_BITS_OFFSET) * 8
  return (page) => {
    const first = page - (page % described)
    const index = page - first
    return (((bits.get(first)?.[Math.floor(index / 8)] ?? 0) >> (index % 8)) & 1) === 1
  }
}
