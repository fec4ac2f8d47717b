import { UnitKind } from '@ldb/integrity'
import type { ByteSource } from '../fields/byte-source.js'
import { hashOf, SEED_ZERO, seedOfFile } from '../fields/checksum.js'
import type { Seed64 } from '../fields/checksum.js'
import { decrypted, TRAILER_BYTES } from '../fields/encrypted-unit.js'
import type { EncryptedUnit } from '../fields/encrypted-unit.js'
import { idAt, readHeader } from '../fields/file-header.js'
import { bigintOf, readTable } from '../fields/format-table.js'
import { BTREE_TABLES } from '../tables/btree.js'

/** Offsets of the meta blocks: A, B, the spare one and the copy. */
export const META_OFFSETS: readonly number[] = [0, 4096, 8192, 32_768]
export const META_BYTES = 512
export const META_CHECKSUM_OFFSET = 504
/** Bytes of an encrypted meta block that are in plain text. */
export const META_PLAIN_BYTES = 80
export const FILE_ID_OFFSET = 24
const META_REGION_BYTES = 12_288
const COPY_OFFSET = 32_768
const COPY_BYTES = 4096
const DICTIONARIES_OFFSET = 200

/** An overflow extent as its reference names it. */
export interface ExtentReference {
  readonly page: number
  readonly contentBytes: number
  readonly epoch: number
}

/** What the pages of a file are read with. */
export interface TreeFacts {
  readonly pageBytes: number
  /** Where the content of a page ends. */
  readonly pageEnd: number
  readonly pageCount: number
  readonly fileId: Uint8Array
  readonly seed: Seed64
  readonly isEncrypted: boolean
  readonly freeSpacePage: number
  /** The epochs of the meta blocks that can be read, the newest first. */
  readonly epochs: readonly number[]
  /** The extents of the dictionaries. */
  readonly dictionaries: readonly ExtentReference[]
}

/** Returns the unit of an encrypted meta block. */
export function metaUnit(source: ByteSource, block: number): EncryptedUnit {
  const at = block + META_PLAIN_BYTES
  const byteCount = META_CHECKSUM_OFFSET - META_PLAIN_BYTES
  const fileId = idAt(source, block + FILE_ID_OFFSET)
  return { at, byteCount, purpose: 'tree', fileId, kind: UnitKind.MetaBlock, position: at, epoch: 0 }
}

interface ReadMeta {
  readonly pageBytes: number
  readonly fileId: Uint8Array
  readonly isEncrypted: boolean
  /** Greater in a better block: 0 in one that is not intact. */
  readonly order: number
  /** The fields that may be encrypted; `undefined` when they cannot be read. */
  readonly content: Readonly<Record<string, number>> | undefined
  readonly dictionaries: ExtentReference | undefined
}

const known = new WeakMap<ByteSource, { readonly facts: TreeFacts | undefined }>()

/** Returns the facts of the newest intact meta block; of any block that has a page size without one. */
export function factsOf(source: ByteSource): TreeFacts | undefined {
  let found = known.get(source)
  if (found === undefined) known.set(source, (found = { facts: readFacts(source) }))
  return found.facts
}

function readFacts(source: ByteSource): TreeFacts | undefined {
  const metas = META_OFFSETS.map((at) => metaAt(source, at))
    .filter((meta) => meta !== undefined)
    .sort((left, right) => right.order - left.order)
  const [best] = metas
  if (best === undefined) return undefined
  const { pageBytes, fileId, isEncrypted, content } = best
  return {
    pageBytes,
    pageEnd: isEncrypted ? pageBytes - TRAILER_BYTES : pageBytes,
    pageCount: content?.['pageCount'] ?? Infinity,
    fileId,
    seed: seedOfFile(fileId),
    isEncrypted,
    freeSpacePage: content?.['freeSpacePage'] ?? 0,
    epochs: metas.map(({ content: each }) => each?.['epoch']).filter((epoch) => epoch !== undefined),
    dictionaries: metas.map((meta) => meta.dictionaries).filter((extent) => extent !== undefined),
  }
}

function metaAt(source: ByteSource, at: number): ReadMeta | undefined {
  const fields = readTable(source, BTREE_TABLES['Meta block'], at)
  const bytes = source.read(at, META_BYTES)
  const { pageBytes = 0 } = fields ?? {}
  const isSize = pageBytes >= 512 && pageBytes <= 65_536 && (pageBytes & (pageBytes - 1)) === 0
  if (bytes.length < META_BYTES || !isSize) return undefined
  const { isEncrypted } = readHeader(source, at)
  const plain = isEncrypted ? decrypted(source, metaUnit(source, at)) : source
  const content = plain && readTable(plain, BTREE_TABLES['Meta block'], at)
  const isIntact =
    bigintOf(bytes.subarray(META_CHECKSUM_OFFSET)) ===
    hashOf(bytes.subarray(0, META_CHECKSUM_OFFSET), SEED_ZERO)
  return {
    pageBytes,
    fileId: idAt(source, at + FILE_ID_OFFSET),
    isEncrypted,
    order: isIntact ? (content?.['checkpoint'] ?? 0) + 1 : 0,
    content,
    dictionaries: plain && extentReferenceAt(plain, at + DICTIONARIES_OFFSET),
  }
}

/** Returns the extent reference at an offset; `undefined` for zeros. */
export function extentReferenceAt(source: ByteSource, at: number): ExtentReference | undefined {
  const {
    page = 0,
    contentBytes = 0,
    epoch = 0,
  } = readTable(source, BTREE_TABLES['Extent reference'], at) ?? {}
  return page === 0 ? undefined : { page, contentBytes, epoch }
}

/** Reports whether a page is in the region of the meta blocks or of their copy. */
export function isMeta({ pageBytes }: TreeFacts, pageNumber: number): boolean {
  const at = pageNumber * pageBytes
  return at < META_REGION_BYTES || (at >= COPY_OFFSET && at < COPY_OFFSET + Math.max(COPY_BYTES, pageBytes))
}
