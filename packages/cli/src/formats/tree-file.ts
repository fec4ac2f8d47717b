import { UnitKind } from '@ldb/integrity'
import type { ByteSource } from '../fields/byte-source.js'
import { hashOf, SEED_ZERO, seedOfFile, verdict } from '../fields/checksum.js'
import type { Seed64 } from '../fields/checksum.js'
import type { DumpLine, DumpLines } from '../fields/dump-line.js'
import { dumpUnit } from '../fields/encrypted-unit.js'
import { dumpHeader, idAt, readHeader } from '../fields/file-header.js'
import { bigintOf, dumpTable, readTable } from '../fields/format-table.js'
import { withoutHeader } from './log-segment.js'
import { BTREE_TABLES } from '../tables/btree.js'
import { dumpPage } from './tree-page.js'

const META_OFFSETS = [0, 4096, 8192, 32_768]
const META_BYTES = 512
const META_CHECKSUM_OFFSET = 504
const META_PLAIN_BYTES = 80
/** The last field ends behind the content of an encrypted block. */
const META_UNIT_END = 224
const META_REGION_BYTES = 12_288
const COPY_OFFSET = 32_768
const COPY_BYTES = 4096
const FILE_ID_OFFSET = 24
const FREE_BITS_OFFSET = 64
const PAGE_HEADER_BYTES = 32
const KINDS = ['?', 'leaf', 'branch', 'overflow extent', 'free space', 'mirror of free space']

/** What the pages of a file are read with. */
export interface TreeFacts {
  readonly pageBytes: number
  readonly pageCount: number
  readonly seed: Seed64
  readonly isEncrypted: boolean
  readonly freeSpacePage: number
}

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
  else if (facts.isEncrypted) {
    yield { title: `page ${pageNumber}, encrypted` }
    const fileId = idAt(source, FILE_ID_OFFSET)
    const binding = { purpose: 'tree', fileId, kind: UnitKind.Page, position: at, epoch: 0 } as const
    yield* dumpUnit(source, { at, byteCount: facts.pageBytes, ...binding }, (plain) =>
      dumpPage(plain, pageNumber, facts),
    )
    yield { note: 'An overflow extent of several pages has its trailer in the last one.' }
  } else yield* dumpPage(source, pageNumber, facts)
}

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
  const byteCount = META_CHECKSUM_OFFSET - META_PLAIN_BYTES
  const fileId = idAt(source, block + FILE_ID_OFFSET)
  const binding = { purpose: 'tree', fileId, kind: UnitKind.MetaBlock, position: at, epoch: 0 } as const
  yield* dumpUnit(source, { at, byteCount, ...binding }, function* (plain) {
    for (const line of dumpTable(plain, BTREE_TABLES['Meta block'], block, {}, META_UNIT_END)) {
      if ('offset' in line && line.offset >= at) yield line
    }
  })
}

function* pagesOf(source: ByteSource, facts: TreeFacts): DumpLines {
  const { pageBytes, seed, isEncrypted } = facts
  const count = Math.ceil(source.byteCount / pageBytes)
  const isFree = freePagesOf(source, facts)
  for (let pageNumber = 0; pageNumber < count; pageNumber++) {
    const at = pageNumber * pageBytes
    const unit = `page ${pageNumber}`
    const line = (detail: string, pages = 1): DumpLine => ({
      offset: at,
      byteCount: pages * pageBytes,
      unit,
      detail,
    })
    if (isMeta(facts, pageNumber)) yield line('meta blocks')
    else if (isEncrypted) yield line('encrypted')
    else if (pageNumber >= facts.pageCount) yield line('behind the end of the tree')
    else if (isFree(pageNumber)) yield line('free')
    else {
      const page = source.read(at, pageBytes)
      const header = readTable(source, BTREE_TABLES['Page header'], at)
      const extent = readTable(source, BTREE_TABLES['Overflow extent'], at)
      if (header === undefined || extent === undefined || header['pageNumber'] !== pageNumber) {
        yield line('DAMAGED: has another page number')
        continue
      }
      const { kind = 0, level = 0, count: slots = 0, epoch = 0 } = header
      if (kind === 3) {
        const { contentBytes = 0 } = extent
        const pages = Math.max(
          1,
          Math.min(count - pageNumber, Math.ceil((PAGE_HEADER_BYTES + contentBytes) / pageBytes)),
        )
        yield line(`overflow extent of ${contentBytes} bytes, epoch ${epoch}`, pages)
        pageNumber += pages - 1
        continue
      }
      const isIntact = bigintOf(page.subarray(0, 8)) === hashOf(page.subarray(8), seed)
      const shape = kind <= 2 ? `, level ${level}, ${slots} slots` : ''
      yield line(`${KINDS[kind] ?? '?'}${shape}, epoch ${epoch}${isIntact ? '' : ', DAMAGED'}`)
    }
  }
}

/** Returns whether a page is free, as the free-space pages say. Damaged ones say nothing. */
function freePagesOf(
  source: ByteSource,
  { pageBytes, freeSpacePage }: TreeFacts,
): (pageNumber: number) => boolean {
  const bits = new Map<number, Uint8Array>()
  let pageNumber = freeSpacePage
  while (pageNumber > 0 && pageNumber * pageBytes < source.byteCount) {
    const fields = readTable(source, BTREE_TABLES['Free-space page'], pageNumber * pageBytes)
    if (fields === undefined || bits.has(fields['firstPage'] ?? 0)) break
    bits.set(
      fields['firstPage'] ?? 0,
      source.read(pageNumber * pageBytes + FREE_BITS_OFFSET, pageBytes - FREE_BITS_OFFSET),
    )
    pageNumber = fields['nextPage'] ?? 0
  }
  const described = (pageBytes - FREE_BITS_OFFSET) * 8
  return (page) => {
    const first = page - (page % described)
    const index = page - first
    return (((bits.get(first)?.[Math.floor(index / 8)] ?? 0) >> (index % 8)) & 1) === 1
  }
}

function isMeta({ pageBytes }: TreeFacts, pageNumber: number): boolean {
  const at = pageNumber * pageBytes
  return at < META_REGION_BYTES || (at >= COPY_OFFSET && at < COPY_OFFSET + Math.max(COPY_BYTES, pageBytes))
}

/** Returns the facts of the newest intact meta block; of any block that has a page size without one. */
function factsOf(source: ByteSource): TreeFacts | undefined {
  let best: (TreeFacts & { readonly order: number }) | undefined
  for (const at of META_OFFSETS) {
    const fields = readTable(source, BTREE_TABLES['Meta block'], at)
    const bytes = source.read(at, META_BYTES)
    if (fields === undefined || bytes.length < META_BYTES) continue
    const { pageBytes = 0, pageCount = 0, freeSpacePage = 0, checkpoint = 0 } = fields
    if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) continue
    const isIntact =
      bigintOf(bytes.subarray(META_CHECKSUM_OFFSET)) ===
      hashOf(bytes.subarray(0, META_CHECKSUM_OFFSET), SEED_ZERO)
    const { isEncrypted } = readHeader(source, at)
    const order = isIntact ? checkpoint + 1 : 0
    if (best !== undefined && best.order >= order) continue
    best = {
      order,
      pageBytes,
      pageCount: isEncrypted ? Infinity : pageCount,
      seed: seedOfFile(bytes.subarray(FILE_ID_OFFSET, FILE_ID_OFFSET + 16)),
      isEncrypted,
      freeSpacePage: isEncrypted ? 0 : freeSpacePage,
    }
  }
  return best
}
