// Pages of a B+tree file: FORMAT.md of packages/btree, "Page header" to "Branch record".
import { ByteView, compareBytes } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { UNIT_KINDS } from '../encryption/data-keys.js'
import { decodeValue } from './dictionaries.js'
import { EXTENT_REFERENCE_BYTES, readExtent, readValue } from './extent.js'
import type { TreeFile } from './tree-file.js'

export const PAGE_HEADER_BYTES = 32
const SLOT_BYTES = 8
const LEAF = 1
const BRANCH = 2

/** An entry of a leaf. */
export interface Entry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** A reference of a branch to a child. */
export interface Child {
  readonly separator: Uint8Array
  readonly page: number
  readonly checksum: bigint
}

/** Header of a leaf or a branch, and the file that contains it. */
export interface TreePage {
  readonly file: TreeFile
  readonly view: ByteView
  readonly pageNumber: number
  readonly level: number
  readonly isEdge: boolean
  readonly count: number
  readonly prefixBytes: number
}

/**
 * Returns the bytes of a page after a check of its checksum and of its position.
 *
 * @param unit - kind and epoch of the page as a unit of an encrypted file.
 */
export function pageAt(
  file: TreeFile,
  pageNumber: number,
  checksum: bigint,
  unit: { readonly kind: number; readonly epoch: number } = { kind: UNIT_KINDS.page, epoch: 0 },
): ByteView {
  file.claim(pageNumber, 1)
  const { cipher } = file
  const { pageBytes, seed, epoch } = file.meta
  const start = pageNumber * pageBytes
  const stored = file.bytes.subarray(start, start + pageBytes)
  const view = new ByteView(
    cipher === undefined ? stored : cipher.opened(unit.kind, start, unit.epoch, stored),
  )
  requireSound(view.checksum(0) === checksum, `page ${pageNumber} is not the one that its parent refers to`)
  const isVersion = cipher !== undefined
  requireSound(
    isVersion || checksum === xxHash64(view.slice(8, pageBytes), seed),
    `checksum of page ${pageNumber}`,
  )
  requireSound(view.u32(8) === pageNumber, `number of page ${pageNumber}`)
  requireSound(view.u64(16) <= epoch, `epoch of page ${pageNumber}`)
  return view
}

/** Reads the header of a leaf (level 0) or a branch. */
export function readTreePage(file: TreeFile, pageNumber: number, checksum: bigint, level: number): TreePage {
  const view = pageAt(file, pageNumber, checksum)
  requireSound(view.u8(12) === (level === 0 ? LEAF : BRANCH), `kind of page ${pageNumber}`)
  requireSound(view.u8(13) === level, `level of page ${pageNumber}`)
  requireSound(view.u8(14) <= 1 && view.u8(15) === 0, `flags of page ${pageNumber}`)
  const page = {
    file,
    view,
    pageNumber,
    level,
    isEdge: view.u8(14) === 1,
    count: view.u16(24),
    prefixBytes: view.u16(26),
  }
  requireSound(level === 0 || page.count >= 1, `page ${pageNumber} is a branch without children`)
  requireSound(PAGE_HEADER_BYTES + page.count * SLOT_BYTES <= view.u16(28), `slots of page ${pageNumber}`)
  requireSound(page.prefixBytes <= file.meta.pageBytes / 8 - 28, `prefix of page ${pageNumber}`)
  return page
}

/** Returns the entries of a leaf in order. */
export function readEntries(page: TreePage): Entry[] {
  const { view, file } = page
  let recordBytes = 0
  const entries = Array.from({ length: page.count }, (_, index) => {
    const slot = slotAt(page, index)
    const valueField = view.u16(slot.recordOffset)
    const key = readKey(page, slot, slot.recordOffset + 2)
    const start = slot.recordOffset + 2 + key.partBytes
    const partBytes = valueField & 0x3fff
    const valuePart = new ByteView(view.slice(start, start + partBytes))
    const isEncoded = (valueField & 0x4000) !== 0
    recordBytes += 2 + key.partBytes + partBytes
    const isInExtent = valueField >= 0x8000
    requireSound(!isInExtent || partBytes === EXTENT_REFERENCE_BYTES, `length of an extent reference`)
    requireSound(!isInExtent || !isEncoded, 'a value is in an extent and encoded')
    if (!isInExtent) requireSound(partBytes <= file.meta.pageBytes / 4, 'a value part is too long')
    if (isEncoded) return { key: key.bytes, value: decodeValue(file, valuePart) }
    const value = isInExtent ? readValue(file, valuePart) : valuePart.bytes
    requireSound(value.length > file.meta.pageBytes / 4 === isInExtent, `form of a value`)
    return { key: key.bytes, value }
  })
  checkHeap(page, recordBytes)
  checkOrder(
    page,
    entries.map((entry) => entry.key),
  )
  return entries
}

/** Returns the child references of a branch in order. */
export function readChildren(page: TreePage): Child[] {
  const { view } = page
  let recordBytes = 0
  const children = Array.from({ length: page.count }, (_, index) => {
    const slot = slotAt(page, index)
    requireSound(slot.recordOffset % 4 === 0, `alignment of a record in page ${page.pageNumber}`)
    requireSound(index > 0 || (slot.keyBytes === 0 && slot.head === 0), 'separator of the first child')
    const key = readKey(page, slot, slot.recordOffset + 12)
    recordBytes += Math.ceil((12 + key.partBytes) / 4) * 4
    return {
      separator: key.bytes,
      page: view.u32(slot.recordOffset),
      checksum: view.checksum(slot.recordOffset + 4),
    }
  })
  checkHeap(page, recordBytes)
  checkOrder(
    page,
    children.slice(1).map((child) => child.separator),
    1,
  )
  return children
}

interface Slot {
  readonly head: number
  readonly recordOffset: number
  readonly keyBytes: number
}

function slotAt({ view }: TreePage, index: number): Slot {
  const offset = PAGE_HEADER_BYTES + index * SLOT_BYTES
  const recordOffset = view.u16(offset + 4)
  requireSound(recordOffset >= view.u16(28), 'a record outside of the heap')
  return { head: view.u32(offset), recordOffset, keyBytes: view.u16(offset + 6) }
}

/** Returns a whole key and the length of its key part. */
function readKey(page: TreePage, slot: Slot, offset: number): { bytes: Uint8Array; partBytes: number } {
  const keyPartBytes = page.file.meta.pageBytes / 8
  if (slot.keyBytes <= keyPartBytes) {
    return { bytes: page.view.slice(offset, offset + slot.keyBytes), partBytes: slot.keyBytes }
  }
  const startBytes = keyPartBytes - EXTENT_REFERENCE_BYTES
  const reference = page.view.slice(offset + startBytes, offset + keyPartBytes)
  const bytes = readExtent(page.file, new ByteView(reference))
  requireSound(bytes.length === slot.keyBytes, `length of a key in page ${page.pageNumber}`)
  const start = page.view.slice(offset, offset + startBytes)
  requireSound(compareBytes(bytes.subarray(0, startBytes), start) === 0, `start of a long key`)
  return { bytes, partBytes: keyPartBytes }
}

function checkHeap({ view, pageNumber, file }: TreePage, recordBytes: number): void {
  const heapBytes = file.pageEnd - view.u16(28)
  requireSound(recordBytes + view.u16(30) === heapBytes, `heap of page ${pageNumber}`)
}

/** Checks that keys ascend, share the prefix of the page, and have the heads in their slots. */
function checkOrder(page: TreePage, keys: readonly Uint8Array[], firstSlot = 0): void {
  const [first] = keys
  if (first === undefined) return
  keys.forEach((key, index) => {
    const previous = keys[index - 1]
    requireSound(
      previous === undefined || compareBytes(previous, key) < 0,
      `order of page ${page.pageNumber}`,
    )
    const prefix = key.subarray(0, page.prefixBytes)
    requireSound(
      prefix.length === page.prefixBytes,
      `a key of page ${page.pageNumber} is shorter than the prefix`,
    )
    requireSound(compareBytes(prefix, first.subarray(0, page.prefixBytes)) === 0, 'prefix of a page')
    const head = new Uint8Array(4)
    head.set(key.subarray(page.prefixBytes, page.prefixBytes + 4))
    const expected = new DataView(head.buffer).getUint32(0) >>> 1
    requireSound(slotAt(page, firstSlot + index).head === expected, `head in page ${page.pageNumber}`)
  })
}
