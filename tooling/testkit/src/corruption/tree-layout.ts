import { UnitKind } from '@ldb/integrity'
import type { UnitCipher } from '@ldb/integrity'

// Decodes a B+tree file from its FORMAT.md alone, without the tree's own code: the oracle that decides whether damage must be
// reported must not share defects with the code that reports it.

const META_STRIDE = 4096
const META_BYTES = 512
const META_CHECKPOINT = 80
const META_EPOCH = 88
const META_CHECKSUM = 504
const META_ROOT_PAGE = 104
const META_FREE_SPACE_PAGE = 140
const META_FREE_SPACE_MIRROR_PAGE = 168
const META_COPY = 32_768
const FREE_SPACE_NEXT = 36
const FREE_SPACE_NEXT_MIRROR = 48
const PAGE_HEADER = 32
const SLOT = 8
const EXTENT_HEADER = 32

/** A meta block or its copy, a tree page, an overflow extent, a free-space page or its mirror. */
export interface TreePart {
  readonly kind: 'meta' | 'meta-copy' | 'leaf' | 'branch' | 'overflow' | 'free-space' | 'free-space-mirror'
  /** File offset of the first byte. */
  readonly start: number
  /** File offset after the last byte in use. */
  readonly end: number
}

/** The layout of a tree file. */
export interface TreeLayout {
  readonly pageBytes: number
  readonly parts: readonly TreePart[]
}

/** A reference to an overflow extent, and its file offset. */
export interface ExtentReference {
  readonly at: number
  readonly page: number
  readonly contentBytes: number
  readonly epoch: number
}

/**
 * Returns the parts of an intact file that its newest checkpoint references.
 *
 * @param cipher - of an encrypted file, of which a copy is decrypted unit by unit.
 */
export function treeLayout(file: Uint8Array, cipher?: UnitCipher): TreeLayout {
  const bytes = cipher === undefined ? file : file.slice()
  const view = viewOf(bytes)
  const decrypt = (kind: UnitKind, start: number, byteCount: number, epoch: number): void => {
    if (cipher?.decrypt(kind, start, epoch, bytes, start, byteCount) === false)
      throw new RangeError(`the unit at ${start} is not intact`)
  }
  for (const block of [0, META_STRIDE]) {
    if (cipher !== undefined && view.getUint32(block, true) !== 0)
      decrypt(UnitKind.MetaBlock, block + META_CHECKPOINT, META_CHECKSUM - META_CHECKPOINT, 0)
  }
  const trailerBytes = cipher?.trailerBytes ?? 0
  const newest = newestMeta(view)
  const start = newest * META_STRIDE
  const pageBytes = view.getUint32(start + 40, true)
  const parts: TreePart[] = [
    { kind: 'meta', start, end: start + META_BYTES },
    { kind: 'meta-copy', start: META_COPY, end: META_COPY + META_BYTES },
  ]
  const pending = [view.getUint32(start + META_ROOT_PAGE, true)]
  for (let page = pending.pop(); page !== undefined; page = pending.pop()) {
    const at = page * pageBytes
    decrypt(UnitKind.Page, at, pageBytes, 0)
    const isLeaf = view.getUint8(at + 13) === 0
    parts.push({ kind: isLeaf ? 'leaf' : 'branch', start: at, end: at + pageBytes })
    if (!isLeaf) for (const child of childOffsets(view, at)) pending.push(view.getUint32(child, true))
    const extents = isLeaf ? leafExtents(view, at, pageBytes) : separatorExtents(view, at, pageBytes)
    for (const extent of extents) parts.push(extentPart(extent, pageBytes, trailerBytes))
  }
  for (const [kind, first, next] of [
    ['free-space', META_FREE_SPACE_PAGE, FREE_SPACE_NEXT],
    ['free-space-mirror', META_FREE_SPACE_MIRROR_PAGE, FREE_SPACE_NEXT_MIRROR],
  ] as const) {
    for (let page = view.getUint32(start + first, true); page !== 0;) {
      decrypt(UnitKind.FreeSpacePage, page * pageBytes, pageBytes, readU64(view, start + META_EPOCH))
      parts.push({ kind, start: page * pageBytes, end: (page + 1) * pageBytes })
      page = view.getUint32(page * pageBytes + next, true)
    }
  }
  return { pageBytes, parts }
}

/** Returns the number, 0 or 1, of the meta block of the newest checkpoint. */
export function newestMeta(view: DataView): 0 | 1 {
  const [a, b] = [0, 1].map((block) => Number(view.getBigUint64(block * META_STRIDE + META_CHECKPOINT, true)))
  return (a ?? 0) > (b ?? 0) ? 0 : 1
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Returns the file offsets of the records of a branch. Each begins with the page number of the child. */
export function childOffsets(view: DataView, page: number): number[] {
  return slotsOf(view, page).map(({ record }) => record)
}

/** Returns the references of a leaf to overflow extents, for long keys and long values. */
export function leafExtents(view: DataView, page: number, pageBytes: number): ExtentReference[] {
  const references: ExtentReference[] = []
  const keyPartMax = pageBytes / 8
  for (const { record, keyBytes } of slotsOf(view, page)) {
    const keyPart = Math.min(keyBytes, keyPartMax)
    if (keyBytes > keyPartMax) references.push(referenceAt(view, record + 2 + keyPart - 24))
    if ((view.getUint16(record, true) & 0x8000) !== 0)
      references.push(referenceAt(view, record + 2 + keyPart))
  }
  return references
}

/** Returns the references of a branch to overflow extents, for long separators. */
export function separatorExtents(view: DataView, page: number, pageBytes: number): ExtentReference[] {
  const keyPartMax = pageBytes / 8
  return slotsOf(view, page)
    .filter(({ keyBytes }) => keyBytes > keyPartMax)
    .map(({ record }) => referenceAt(view, record + 12 + keyPartMax - 24))
}

function slotsOf(view: DataView, page: number): { record: number; keyBytes: number }[] {
  const slots = []
  for (let slot = 0; slot < view.getUint16(page + 24, true); slot++) {
    const at = page + PAGE_HEADER + slot * SLOT
    slots.push({ record: page + view.getUint16(at + 4, true), keyBytes: view.getUint16(at + 6, true) })
  }
  return slots
}

function referenceAt(view: DataView, at: number): ExtentReference {
  const [page, contentBytes] = [view.getUint32(at, true), view.getUint32(at + 4, true)]
  return { at, page, contentBytes, epoch: readU64(view, at + 8) }
}

function readU64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true))
}

function extentPart(extent: ExtentReference, pageBytes: number, trailerBytes: number): TreePart {
  const start = extent.page * pageBytes
  return { kind: 'overflow', start, end: start + EXTENT_HEADER + extent.contentBytes + trailerBytes }
}
