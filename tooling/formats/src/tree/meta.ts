// Meta blocks of a B+tree file: FORMAT.md of packages/btree, "Meta block" and "Choice of the meta block".
import { ByteView, compareBytes, concatBytes } from '../bytes/byte-view.js'
import { hasMagic, readFileHeader, seedOfFile } from '../bytes/file-header.js'
import { FormatError, requireKnown, requireSound } from '../bytes/format-error.js'
import { xxHash64 } from '../bytes/xx-hash64.js'
import { requireSort, UNIT_KINDS, UNIT_TRAILER_BYTES } from '../encryption/data-keys.js'
import type { DataKeys } from '../encryption/data-keys.js'

const META_BYTES = 512
const META_REGION_BYTES = 12_288
const BLOCK_INTERVAL = 4096
/** Numbers of the blocks: A, B, the spare and the copy. */
const BLOCKS = [0, 1, 2, 8]
const COPY_REGION_OFFSET = 32_768
const COPY_REGION_BYTES = 4096
/** The encrypted unit of a meta block. */
const UNIT_START = 80
const UNIT_END = 504
const CONTENT_END = UNIT_END - UNIT_TRAILER_BYTES
/** Byte ranges that are zero in a file of this version, but for the trailer of a cipher. */
const ZERO_RANGES: readonly (readonly [number, number])[] = [
  [50, 80],
  [156, 168],
  [224, CONTENT_END],
]

/** A valid meta block. */
export interface MetaBlock {
  readonly block: number
  readonly view: ByteView
  readonly fileId: string
  readonly seed: bigint
  readonly pageBytes: number
  readonly metaPages: number
  /** First page of the copy region, and the number of its pages. */
  readonly copyPage: number
  readonly copyPages: number
  readonly checkpoint: number
  readonly epoch: number
  readonly durableSeq: number
  readonly rootPage: number
  readonly rootLevel: number
  readonly rootChecksum: bigint
  readonly entryCount: number
  readonly extentCount: number
  readonly hasEncodedValues: boolean
  readonly pageCount: number
  readonly freeSpacePage: number
  readonly freeSpaceChecksum: bigint
  readonly freeSpaceMirrorPage: number
  readonly freeSpaceMirrorChecksum: bigint
  readonly freeCount: number
  readonly logSegmentId: string
  /** Reference to the extent of the dictionaries; `undefined` when there are none. */
  readonly dictionaries: ByteView | undefined
}

/** Returns the valid meta blocks of a file, newest first. */
export function readMetaBlocks(file: Uint8Array, keys?: DataKeys): [MetaBlock, ...MetaBlock[]] {
  const views = BLOCKS.map((block) => {
    const start = block * BLOCK_INTERVAL
    return { block, view: new ByteView(file.subarray(start, start + META_BYTES)) }
  })
  requireKnown(
    views.some(({ view }) => hasMagic(view, 'B')),
    'no B+tree',
  )
  const blocks: MetaBlock[] = []
  for (const { block, view } of views) {
    try {
      blocks.push(readMetaBlock(view, block, keys))
    } catch (error) {
      const isOther =
        !hasMagic(view, 'B') || (error instanceof FormatError && error.code === 'LDB_CORRUPTION')
      if (!isOther) throw error
    }
  }
  const [newest, ...others] = blocks.sort((left, right) => right.checkpoint - left.checkpoint)
  requireSound(newest !== undefined, 'no valid meta block')
  for (const other of others) {
    requireSound(other.fileId === newest.fileId, 'meta blocks of two files')
    if (other.checkpoint !== newest.checkpoint) continue
    const isEqual = [
      [0, 44],
      [48, keys === undefined ? UNIT_END : CONTENT_END],
    ].every(
      ([start = 0, end = 0]) =>
        compareBytes(newest.view.slice(start, end), other.view.slice(start, end)) === 0,
    )
    requireSound(isEqual, 'two meta blocks of one checkpoint differ')
  }
  requireSound(file.length >= newest.pageCount * newest.pageBytes, 'the file is too short')
  return [newest, ...others]
}

function readMetaBlock(stored: ByteView, block: number, keys: DataKeys | undefined): MetaBlock {
  const { flags } = readFileHeader(stored, 'B', 4)
  requireKnown(flags <= 7, 'flags of a B+tree')
  const isEncrypted = (flags & 1) === 1
  requireKnown(!isEncrypted || stored.u8(48) === 1, 'suite of a B+tree')
  requireSort(isEncrypted, keys, 'the tree')
  requireSound(stored.length === META_BYTES, 'the file ends within a meta block')
  requireSound(stored.checksum(504) === xxHash64(stored.slice(0, 504), 0n), 'checksum of a meta block')
  const view = decrypted(stored, block, keys)
  requireSound(view.u8(48) === (isEncrypted ? 1 : 0), 'suite of a plain B+tree')
  requireSound(view.u8(49) === (isEncrypted ? UNIT_TRAILER_BYTES : 0), 'trailer of a B+tree')
  requireSound(isEncrypted || view.isZero(CONTENT_END, UNIT_END), 'zero fields of a meta block')
  const pageBytes = view.u32(40)
  requireSound(isPageSize(pageBytes), 'page size of a meta block')
  const meta = {
    block,
    view,
    fileId: view.hex(24, 40),
    seed: seedOfFile(view.slice(24, 40)),
    pageBytes,
    metaPages: Math.ceil(META_REGION_BYTES / pageBytes),
    copyPage: COPY_REGION_OFFSET / pageBytes,
    copyPages: Math.ceil(COPY_REGION_BYTES / pageBytes),
    checkpoint: view.u64(80),
    epoch: view.u64(88),
    durableSeq: view.u64(96),
    rootPage: view.u32(104),
    rootLevel: view.u32(108),
    rootChecksum: view.checksum(112),
    entryCount: view.u64(120),
    extentCount: view.u64(128),
    hasEncodedValues: (flags & 2) !== 0,
    pageCount: view.u32(136),
    freeSpacePage: view.u32(140),
    freeSpaceChecksum: view.checksum(144),
    freeSpaceMirrorPage: view.u32(168),
    freeSpaceMirrorChecksum: view.checksum(176),
    freeCount: view.u32(152),
    logSegmentId: view.hex(184, 200),
    dictionaries: view.isZero(200, 224) ? undefined : new ByteView(view.slice(200, 224)),
  }
  requireSound((meta.dictionaries !== undefined) === (flags & 4) > 0, 'flag of dictionaries')
  requireSound(view.u32(44) === block, 'position of a meta block')
  for (const [start, end] of ZERO_RANGES) requireSound(view.isZero(start, end), 'zero fields of a meta block')
  requireSound(
    meta.checkpoint >= 1 && (block === 2 || block === 8 || meta.checkpoint % 2 === block),
    'number of a checkpoint',
  )
  requireSound(meta.rootLevel < 32, 'level of the root')
  requireSound(meta.pageCount <= 2 ** 31 - 1, 'page count')
  for (const page of [meta.rootPage, meta.freeSpacePage, meta.freeSpaceMirrorPage]) {
    requireSound(page >= meta.metaPages && page < meta.pageCount, 'page number in a meta block')
  }
  requireSound(view.u32(172) === meta.copyPage, 'page of the copy of the meta block')
  requireSound(meta.copyPage + meta.copyPages <= meta.pageCount, 'the file ends before its copy region')
  requireSound(meta.freeCount <= meta.pageCount - meta.metaPages, 'number of free pages')
  return meta
}

/** Returns a meta block with its unit decrypted. */
function decrypted(stored: ByteView, block: number, keys: DataKeys | undefined): ByteView {
  const cipher = keys?.cipherOf('tree', stored.slice(24, 40))
  if (cipher === undefined) return stored
  const position = block * BLOCK_INTERVAL + UNIT_START
  const unit = cipher.opened(UNIT_KINDS.metaBlock, position, 0, stored.slice(UNIT_START, UNIT_END))
  return new ByteView(concatBytes(stored.slice(0, UNIT_START), unit, stored.slice(UNIT_END, META_BYTES)))
}

function isPageSize(pageBytes: number): boolean {
  return pageBytes >= 512 && pageBytes <= 32_768 && Number.isInteger(Math.log2(pageBytes))
}
