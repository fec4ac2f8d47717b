import {
  corruption,
  equalBytes,
  isLdbError,
  LdbError,
  readU32,
  readU64Of,
  writeU32,
  writeU64,
} from '@ldb/base'
import { createSeed64, decodeFileHeader, encodeFileHeader, SEED_ZERO, xxHash64 } from '@ldb/integrity'
import type { Seed64 } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import {
  FILE_KIND,
  firstPageNumber,
  FORMAT_VERSION,
  META_BLOCK_BLOCK_OFFSET,
  META_BLOCK_BYTES,
  META_BLOCK_CHECKPOINT_OFFSET,
  META_BLOCK_CHECKSUM_OFFSET,
  META_BLOCK_COUNT,
  META_BLOCK_DURABLE_SEQ_OFFSET,
  META_BLOCK_ENTRY_COUNT_OFFSET,
  META_BLOCK_EPOCH_OFFSET,
  META_BLOCK_FILE_ID_OFFSET,
  META_BLOCK_FREE_COUNT_OFFSET,
  META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET,
  META_BLOCK_FREE_SPACE_PAGE_OFFSET,
  META_BLOCK_PAGE_BYTES_OFFSET,
  META_BLOCK_PAGE_COUNT_OFFSET,
  META_BLOCK_RESERVED_OFFSET,
  META_BLOCK_ROOT_CHECKSUM_OFFSET,
  META_BLOCK_ROOT_LEVEL_OFFSET,
  META_BLOCK_ROOT_PAGE_OFFSET,
  META_BLOCK_RUN_COUNT_OFFSET,
  META_STRIDE,
  MINIMUM_READER,
  PAGE_COUNT_MAX,
  LEVELS_MAX,
  SPARE_BLOCK,
} from '../format.js'

/** Bytes of a file's random identity. @internal */
export const FILE_ID_BYTES = 16

/** Bytes of the magic that a file header begins with. */
const MAGIC_BYTES = 8

/** What a meta block says. @internal */
export interface Meta {
  readonly fileId: Uint8Array
  readonly pageBytes: number
  readonly checkpoint: number
  readonly epoch: number
  readonly durableSeq: number
  readonly rootPage: number
  readonly rootLevel: number
  readonly rootChecksumLow: number
  readonly rootChecksumHigh: number
  readonly entryCount: number
  readonly runCount: number
  readonly pageCount: number
  readonly freeSpacePage: number
  readonly freeSpaceChecksumLow: number
  readonly freeSpaceChecksumHigh: number
  readonly freeCount: number
}

/** The newest meta block of a file, as it was found. @internal */
export interface FoundMeta {
  readonly meta: Meta
  /** Its bytes, as they stand in the first of `blocks`. */
  readonly bytes: Uint8Array
  /** Blocks that hold it: its own, the spare, or both. */
  readonly blocks: readonly number[]
}

/** Seed of the checksums of a file. @internal */
export function seedOf(fileId: Uint8Array): Seed64 {
  return createSeed64(readU32(fileId, 0) | 0, readU32(fileId, 4) | 0)
}

/** Block that a checkpoint is written to. @internal */
export function blockOf(checkpoint: number): number {
  return checkpoint % 2
}

/** Encodes a meta block for one of the two places that it may have: its own, and the spare. @internal */
export function encodeMeta(meta: Meta, block: number = blockOf(meta.checkpoint)): Uint8Array {
  const bytes = new Uint8Array(META_BLOCK_BYTES)
  const view = new DataView(bytes.buffer)
  bytes.set(
    encodeFileHeader({ kind: FILE_KIND, format: FORMAT_VERSION, minimumReader: MINIMUM_READER, flags: 0 }),
  )
  bytes.set(meta.fileId, META_BLOCK_FILE_ID_OFFSET)
  writeU32(bytes, META_BLOCK_PAGE_BYTES_OFFSET, meta.pageBytes)
  writeU32(bytes, META_BLOCK_BLOCK_OFFSET, block)
  writeU64(bytes, META_BLOCK_CHECKPOINT_OFFSET, meta.checkpoint)
  writeU64(bytes, META_BLOCK_EPOCH_OFFSET, meta.epoch)
  writeU64(bytes, META_BLOCK_DURABLE_SEQ_OFFSET, meta.durableSeq)
  writeU32(bytes, META_BLOCK_ROOT_PAGE_OFFSET, meta.rootPage)
  writeU32(bytes, META_BLOCK_ROOT_LEVEL_OFFSET, meta.rootLevel)
  view.setInt32(META_BLOCK_ROOT_CHECKSUM_OFFSET, meta.rootChecksumLow, true)
  view.setInt32(META_BLOCK_ROOT_CHECKSUM_OFFSET + 4, meta.rootChecksumHigh, true)
  writeU64(bytes, META_BLOCK_ENTRY_COUNT_OFFSET, meta.entryCount)
  writeU64(bytes, META_BLOCK_RUN_COUNT_OFFSET, meta.runCount)
  writeU32(bytes, META_BLOCK_PAGE_COUNT_OFFSET, meta.pageCount)
  writeU32(bytes, META_BLOCK_FREE_SPACE_PAGE_OFFSET, meta.freeSpacePage)
  view.setInt32(META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET, meta.freeSpaceChecksumLow, true)
  view.setInt32(META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET + 4, meta.freeSpaceChecksumHigh, true)
  writeU32(bytes, META_BLOCK_FREE_COUNT_OFFSET, meta.freeCount)
  seal(bytes)
  return bytes
}

/** Returns the bytes of a meta block for another place, all else as it is, be it of a version that is not known here. @internal */
export function moveMeta(bytes: Uint8Array, block: number): Uint8Array {
  const moved = bytes.slice()
  writeU32(moved, META_BLOCK_BLOCK_OFFSET, block)
  seal(moved)
  return moved
}

function seal(bytes: Uint8Array): void {
  const hash = new Int32Array(2)
  xxHash64(bytes, 0, META_BLOCK_CHECKSUM_OFFSET, SEED_ZERO, hash)
  writeU32(bytes, META_BLOCK_CHECKSUM_OFFSET, (hash[0] as number) >>> 0)
  writeU32(bytes, META_BLOCK_CHECKSUM_OFFSET + 4, (hash[1] as number) >>> 0)
}

/**
 * Decodes and checks the meta block that stood in place `block` of a file.
 *
 * @throws {@link LdbError} LDB_FORMAT when it belongs to no B+tree, or to a newer one; LDB_CORRUPTION when it is damaged.
 * @internal
 */
export function decodeMeta(bytes: Uint8Array, file: string, block: number): Meta {
  const offset = block * META_STRIDE
  decodeFileHeader(bytes, { file, kind: FILE_KIND, format: FORMAT_VERSION })
  const view = new DataView(bytes.buffer, bytes.byteOffset, META_BLOCK_BYTES)
  const hash = new Int32Array(2)
  xxHash64(bytes, 0, META_BLOCK_CHECKSUM_OFFSET, SEED_ZERO, hash)
  if (
    view.getInt32(META_BLOCK_CHECKSUM_OFFSET, true) !== hash[0] ||
    view.getInt32(META_BLOCK_CHECKSUM_OFFSET + 4, true) !== hash[1]
  ) {
    throw corruption(file, offset, 'a meta block does not match its checksum')
  }
  const meta: Meta = {
    fileId: bytes.slice(META_BLOCK_FILE_ID_OFFSET, META_BLOCK_FILE_ID_OFFSET + FILE_ID_BYTES),
    pageBytes: readU32(bytes, META_BLOCK_PAGE_BYTES_OFFSET),
    checkpoint: readU64Of(bytes, META_BLOCK_CHECKPOINT_OFFSET, file, offset + META_BLOCK_CHECKPOINT_OFFSET),
    epoch: readU64Of(bytes, META_BLOCK_EPOCH_OFFSET, file, offset + META_BLOCK_EPOCH_OFFSET),
    durableSeq: readU64Of(bytes, META_BLOCK_DURABLE_SEQ_OFFSET, file, offset + META_BLOCK_DURABLE_SEQ_OFFSET),
    rootPage: readU32(bytes, META_BLOCK_ROOT_PAGE_OFFSET),
    rootLevel: readU32(bytes, META_BLOCK_ROOT_LEVEL_OFFSET),
    rootChecksumLow: view.getInt32(META_BLOCK_ROOT_CHECKSUM_OFFSET, true),
    rootChecksumHigh: view.getInt32(META_BLOCK_ROOT_CHECKSUM_OFFSET + 4, true),
    entryCount: readU64Of(bytes, META_BLOCK_ENTRY_COUNT_OFFSET, file, offset + META_BLOCK_ENTRY_COUNT_OFFSET),
    runCount: readU64Of(bytes, META_BLOCK_RUN_COUNT_OFFSET, file, offset + META_BLOCK_RUN_COUNT_OFFSET),
    pageCount: readU32(bytes, META_BLOCK_PAGE_COUNT_OFFSET),
    freeSpacePage: readU32(bytes, META_BLOCK_FREE_SPACE_PAGE_OFFSET),
    freeSpaceChecksumLow: view.getInt32(META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET, true),
    freeSpaceChecksumHigh: view.getInt32(META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET + 4, true),
    freeCount: readU32(bytes, META_BLOCK_FREE_COUNT_OFFSET),
  }
  const fault = faultOf(meta, bytes, block)
  if (fault !== undefined) throw corruption(file, offset, fault)
  return meta
}

/** What is wrong with a block whose checksum holds: only a crafted file, or one moved by hand, gets here. */
function faultOf(meta: Meta, bytes: Uint8Array, block: number): string | undefined {
  const { pageBytes, pageCount } = meta
  const isOwn = block === SPARE_BLOCK || block === blockOf(meta.checkpoint)
  if (readU32(bytes, META_BLOCK_BLOCK_OFFSET) !== block || !isOwn) {
    return 'a meta block stands in the place of another'
  }
  if (pageBytes < 512 || pageBytes > 32_768 || (pageBytes & (pageBytes - 1)) !== 0)
    return 'the page size is not valid'
  for (const number of [meta.checkpoint, meta.epoch, meta.durableSeq, meta.entryCount, meta.runCount]) {
    // What is above 2^53 - 1 has no exact number, and is read as -1.
    if (number < 0) return 'a number is out of bounds'
  }
  const firstPage = firstPageNumber(pageBytes)
  if (pageCount <= firstPage || pageCount > PAGE_COUNT_MAX) return 'the page count is out of bounds'
  if (meta.rootPage < firstPage || meta.rootPage >= pageCount) return 'the root lies outside of the file'
  if (meta.freeSpacePage < firstPage || meta.freeSpacePage >= pageCount)
    return 'free space lies outside of the file'
  if (meta.rootLevel >= LEVELS_MAX) return 'the tree is too deep'
  if (meta.freeCount > pageCount - firstPage) return 'there are more free pages than pages'
  for (let at = META_BLOCK_RESERVED_OFFSET; at < META_BLOCK_CHECKSUM_OFFSET; at += 1) {
    if (bytes[at] !== 0) return 'reserved bytes are not zero'
  }
  return undefined
}

/**
 * Reads the meta blocks of a file and gives the newest that is whole.
 *
 * @throws {@link LdbError} LDB_FORMAT when the file is no B+tree or a newer one; LDB_CORRUPTION when none is whole.
 * @internal
 */
export function findMeta(file: VfsFile): FoundMeta {
  const found: FoundMeta[] = []
  const faults: LdbError[] = []
  for (let block = 0; block < META_BLOCK_COUNT; block += 1) {
    const bytes = new Uint8Array(META_BLOCK_BYTES)
    const length = file.read(bytes, 0, META_BLOCK_BYTES, block * META_STRIDE)
    // A file that ends here is too short for any checkpoint, which is found out later; or it is no tree.
    if (block === SPARE_BLOCK && length < META_BLOCK_BYTES) continue
    try {
      if (length < META_BLOCK_BYTES)
        throw corruption(file.path, length, 'the file ends within its meta blocks')
      found.push({ meta: decodeMeta(bytes, file.path, block), bytes, blocks: [block] })
    } catch (error) {
      if (!isLdbError(error)) throw error
      // A newer version was here: going on from an older block would take back what it wrote.
      if (error.code === 'LDB_FORMAT' && hasMagic(bytes)) throw error
      faults.push(error)
    }
  }
  const [first] = found
  if (first === undefined) throw notReadable(file.path, faults)
  return found.reduce((newest, next) => newerOf(newest, next, file.path))
}

/** Returns the meta block of {@link findMeta}. @internal */
export function readMeta(file: VfsFile): Meta {
  return findMeta(file).meta
}

function newerOf(left: FoundMeta, right: FoundMeta, file: string): FoundMeta {
  if (!equalBytes(left.meta.fileId, right.meta.fileId)) {
    throw corruption(file, 0, 'the meta blocks belong to different files')
  }
  if (left.meta.checkpoint !== right.meta.checkpoint) {
    return left.meta.checkpoint > right.meta.checkpoint ? left : right
  }
  const [block = 0] = right.blocks
  if (!equalBytes(moveMeta(left.bytes, block), right.bytes)) {
    throw corruption(file, block * META_STRIDE, 'two meta blocks of one checkpoint differ')
  }
  return { ...left, blocks: [...left.blocks, block] }
}

/**
 * Finds the newest meta block of a file that has all the pages which the block counts.
 *
 * @remarks A checkpoint makes the file that long before it writes the block. What is allocated for a page count is so
 * bounded by the bytes that are there.
 * @throws {@link LdbError} as {@link findMeta} does; LDB_CORRUPTION also when the file is shorter.
 * @internal
 */
export function findWholeMeta(file: VfsFile): FoundMeta {
  const found = findMeta(file)
  const expected = found.meta.pageCount * found.meta.pageBytes
  const actual = file.length()
  if (actual >= expected) return found
  throw corruption(file.path, actual, 'the file ends before its last page', { expected, actual })
}

/** Reports whether a block begins as one of a B+tree, of whatever version, does. */
function hasMagic(bytes: Uint8Array): boolean {
  const header = encodeFileHeader({
    kind: FILE_KIND,
    format: FORMAT_VERSION,
    minimumReader: MINIMUM_READER,
    flags: 0,
  })
  for (let index = 0; index < MAGIC_BYTES; index += 1) if (bytes[index] !== header[index]) return false
  return true
}

function notReadable(file: string, faults: LdbError[]): LdbError {
  const damaged = faults.find((fault) => fault.code === 'LDB_CORRUPTION')
  const first = faults[0]
  if (damaged === undefined && first !== undefined) return first
  return new LdbError('LDB_CORRUPTION', `no meta block of ${file} is whole`, {
    cause: damaged,
    details: { file, offset: 0 },
  })
}

/** Writes a meta block to its place. @internal */
export function writeMeta(file: VfsFile, meta: Meta): void {
  const bytes = encodeMeta(meta)
  file.write(bytes, 0, bytes.length, blockOf(meta.checkpoint) * META_STRIDE)
}
