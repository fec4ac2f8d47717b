import { UnitKind } from '@ldb/integrity'
import type { ByteSource } from '../fields/byte-source.js'
import { decrypted, TRAILER_BYTES } from '../fields/encrypted-unit.js'
import type { EncryptedUnit } from '../fields/encrypted-unit.js'
import { numberOf, readTable } from '../fields/format-table.js'
import { extentReferenceAt, isMeta } from './tree-facts.js'
import type { ExtentReference, TreeFacts } from './tree-facts.js'
import { BTREE_TABLES } from '../tables/btree.js'

export const PAGE_HEADER_BYTES = 32
const SLOT_BYTES = 8
const REFERENCE_BYTES = 24
const CHILD_BYTES = 12
const LEAF = 1
const BRANCH = 2
const VALUE_FIELD_BYTES = 2
const VALUE_BYTES_MASK = 0x3fff
const EXTENT_BIT = 0x8000

/** A page that is read: the source has it in plain text. */
export interface ReadPage {
  readonly plain: ByteSource
  /** What it is encrypted as; `undefined` in a plain file. */
  readonly unit: EncryptedUnit | undefined
}

/** Returns a page, or the extent that begins there; `undefined` without the key, and where nothing authenticates. */
export function readPage(source: ByteSource, facts: TreeFacts, pageNumber: number): ReadPage | undefined {
  if (!facts.isEncrypted) return { plain: source, unit: undefined }
  for (const unit of unitsAt(source, facts, pageNumber)) {
    const plain = decrypted(source, unit)
    if (plain !== undefined) return { plain, unit }
  }
  return undefined
}

/** Returns the unit as which a page is shown that does not authenticate. */
export function pageUnit(facts: TreeFacts, pageNumber: number): EncryptedUnit {
  const { pageBytes: byteCount, fileId } = facts
  const at = pageNumber * byteCount
  return { at, byteCount, purpose: 'tree', fileId, kind: UnitKind.Page, position: at, epoch: 0 }
}

/** Yields what may be stored at a page: the epoch of an extent is known from its reference only. */
function* unitsAt(
  source: ByteSource,
  facts: TreeFacts,
  pageNumber: number,
): Generator<EncryptedUnit, void, void> {
  const page = pageUnit(facts, pageNumber)
  yield page
  for (const epoch of facts.epochs) yield { ...page, kind: UnitKind.FreeSpacePage, epoch }
  for (const { contentBytes, epoch } of extentsOf(source, facts).get(pageNumber) ?? []) {
    const byteCount = PAGE_HEADER_BYTES + contentBytes + TRAILER_BYTES
    yield { ...page, kind: UnitKind.OverflowExtent, epoch, byteCount }
  }
}

type Extents = ReadonlyMap<number, readonly ExtentReference[]>

const known = new WeakMap<ByteSource, Extents>()

/** Returns the references to extents in all pages of an encrypted file, by the first page of the extent: those of stale pages, too. */
function extentsOf(source: ByteSource, facts: TreeFacts): Extents {
  const found = known.get(source)
  if (found !== undefined) return found
  const extents = new Map<number, ExtentReference[]>()
  const add = (reference: ExtentReference | undefined): void => {
    if (reference === undefined) return
    const others = extents.get(reference.page) ?? []
    if (!others.some(({ epoch }) => epoch === reference.epoch)) others.push(reference)
    extents.set(reference.page, others)
  }
  for (const reference of facts.dictionaries) add(reference)
  const count = Math.ceil(source.byteCount / facts.pageBytes)
  for (let pageNumber = 0; pageNumber < count; pageNumber++) {
    if (isMeta(facts, pageNumber)) continue
    const plain = decrypted(source, pageUnit(facts, pageNumber))
    if (plain === undefined) continue
    for (const reference of referencesIn(plain, facts, pageNumber)) add(reference)
  }
  known.set(source, extents)
  return extents
}

/** Yields the references of the long keys and values of a leaf or a branch. */
function* referencesIn(
  source: ByteSource,
  { pageBytes, pageEnd }: TreeFacts,
  pageNumber: number,
): Generator<ExtentReference | undefined, void, void> {
  const page = pageNumber * pageBytes
  const { kind = 0, count = 0 } = readTable(source, BTREE_TABLES['Page header'], page) ?? {}
  if (kind !== LEAF && kind !== BRANCH) return
  const partMax = pageBytes / 8
  for (let index = 0; index < count; index++) {
    const slotAt = page + PAGE_HEADER_BYTES + index * SLOT_BYTES
    const { recordOffset = 0, keyBytes = 0 } = readTable(source, BTREE_TABLES['Slot'], slotAt) ?? {}
    if (recordOffset < PAGE_HEADER_BYTES || recordOffset + VALUE_FIELD_BYTES > pageEnd) continue
    const keyAt = page + recordOffset + (kind === LEAF ? VALUE_FIELD_BYTES : CHILD_BYTES)
    const keyEnd = keyAt + Math.min(keyBytes, partMax)
    if (keyBytes > partMax) yield extentReferenceAt(source, keyEnd - REFERENCE_BYTES)
    if (kind === BRANCH) continue
    const bits = numberOf(source.read(page + recordOffset, VALUE_FIELD_BYTES))
    const isReference = (bits & EXTENT_BIT) !== 0 && (bits & VALUE_BYTES_MASK) === REFERENCE_BYTES
    if (isReference) yield extentReferenceAt(source, keyEnd)
  }
}
