import { corruption, LdbError, readU32, readCheckedU64, writeU32, writeU64 } from '@ldb/base'
import {
  decodeFileHeader,
  encodeFileHeader,
  FILE_ID_BYTES,
  SEED_ZERO,
  UnitKind,
  xxHash64,
} from '@ldb/integrity'
import type { UnitCipher, UnitCodec } from '@ldb/integrity'
import {
  EXTENT_REFERENCE_BYTES,
  EXTENT_REFERENCE_PAGE_OFFSET,
  FILE_FLAG_DICTIONARIES,
  FILE_FLAG_ENCODED_VALUES,
  FILE_FLAG_ENCRYPTED,
  FILE_FLAGS_DEFINED,
  FILE_KIND,
  firstPageNumber,
  FORMAT_VERSION,
  FORMAT_VERSION_MIN,
  LEVELS_MAX,
  META_BLOCK_BLOCK_OFFSET,
  META_BLOCK_BYTES,
  META_BLOCK_CHECKPOINT_OFFSET,
  META_BLOCK_CHECKSUM_OFFSET,
  META_BLOCK_DICTIONARIES_OFFSET,
  META_BLOCK_DICTIONARY_PAGE_OFFSET,
  META_BLOCK_DURABLE_SEQ_OFFSET,
  META_BLOCK_ENTRY_COUNT_OFFSET,
  META_BLOCK_EPOCH_OFFSET,
  META_BLOCK_EXTENT_COUNT_OFFSET,
  META_BLOCK_FILE_ID_OFFSET,
  META_BLOCK_FREE_COUNT_OFFSET,
  META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET,
  META_BLOCK_FREE_SPACE_MIRROR_CHECKSUM_OFFSET,
  META_BLOCK_FREE_SPACE_MIRROR_PAGE_OFFSET,
  META_BLOCK_FREE_SPACE_PAGE_OFFSET,
  META_BLOCK_LOG_SEGMENT_ID_OFFSET,
  META_BLOCK_META_COPY_PAGE_OFFSET,
  META_BLOCK_PAGE_BYTES_OFFSET,
  META_BLOCK_PAGE_COUNT_OFFSET,
  META_BLOCK_RESERVED3_OFFSET,
  META_BLOCK_ROOT_CHECKSUM_OFFSET,
  META_BLOCK_ROOT_LEVEL_OFFSET,
  META_BLOCK_ROOT_PAGE_OFFSET,
  META_BLOCK_RESERVED_OFFSET,
  META_BLOCK_SUITE_OFFSET,
  META_BLOCK_TRAILER_BYTES_OFFSET,
  META_COPY_BLOCK,
  META_STRIDE,
  metaCopyEnd,
  metaCopyPage,
  MINIMUM_READER,
  PAGE_COUNT_MAX,
  SPARE_BLOCK,
} from '../format.js'
import type { CodecOfFile } from './file-codec.js'

/** Bytes that only later versions and flags give a meaning: they are zero. */
const UNUSED_RANGES: readonly (readonly [start: number, end: number])[] = [
  [META_BLOCK_RESERVED_OFFSET, META_BLOCK_CHECKPOINT_OFFSET],
  [META_BLOCK_DICTIONARY_PAGE_OFFSET, META_BLOCK_FREE_SPACE_MIRROR_PAGE_OFFSET],
]

const UNIT_START = META_BLOCK_CHECKPOINT_OFFSET
const UNIT_BYTES = META_BLOCK_CHECKSUM_OFFSET - UNIT_START

/** The fields of a meta block. @internal */
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
  readonly extentCount: number
  /** The file may contain encoded values. */
  readonly hasEncodedValues: boolean
  readonly pageCount: number
  readonly freeSpacePage: number
  readonly freeSpaceChecksumLow: number
  readonly freeSpaceChecksumHigh: number
  readonly freeSpaceMirrorPage: number
  readonly freeSpaceMirrorChecksumLow: number
  readonly freeSpaceMirrorChecksumHigh: number
  readonly freeCount: number
  /** `segmentId` of the log when the checkpoint was made; zeros without a log. */
  readonly logSegmentId: Uint8Array
  /** Encoded reference to the extent of the dictionaries; zeros when there are none. */
  readonly dictionaries: Uint8Array
}

/** The reference of a file without dictionaries. @internal */
export const NO_DICTIONARIES: Uint8Array = new Uint8Array(EXTENT_REFERENCE_BYTES)

/** Reports whether a checkpoint has dictionaries. @internal */
export function hasDictionaries({ dictionaries }: Pick<Meta, 'dictionaries'>): boolean {
  return !isZero(dictionaries, 0, EXTENT_REFERENCE_BYTES)
}

/** Returns the block, A (0) or B (1), that a checkpoint is written to. @internal */
export function blockOf(checkpoint: number): number {
  return checkpoint % 2
}

/**
 * Encodes a meta block, without encryption: {@link sealMeta} makes the stored form.
 *
 * @param cipher - of an encrypted file.
 * @internal
 */
export function encodeMeta(meta: Meta, cipher?: UnitCipher): Uint8Array {
  const bytes = new Uint8Array(META_BLOCK_BYTES)
  const view = new DataView(bytes.buffer)
  bytes.set(
    encodeFileHeader({
      kind: FILE_KIND,
      format: FORMAT_VERSION,
      minimumReader: MINIMUM_READER,
      flags:
        (cipher === undefined ? 0 : FILE_FLAG_ENCRYPTED) |
        (meta.hasEncodedValues ? FILE_FLAG_ENCODED_VALUES : 0) |
        (hasDictionaries(meta) ? FILE_FLAG_DICTIONARIES : 0),
    }),
  )
  bytes.set(meta.fileId, META_BLOCK_FILE_ID_OFFSET)
  writeU32(bytes, META_BLOCK_PAGE_BYTES_OFFSET, meta.pageBytes)
  bytes[META_BLOCK_SUITE_OFFSET] = cipher?.suite ?? 0
  bytes[META_BLOCK_TRAILER_BYTES_OFFSET] = cipher?.trailerBytes ?? 0
  writeU64(bytes, META_BLOCK_CHECKPOINT_OFFSET, meta.checkpoint)
  writeU64(bytes, META_BLOCK_EPOCH_OFFSET, meta.epoch)
  writeU64(bytes, META_BLOCK_DURABLE_SEQ_OFFSET, meta.durableSeq)
  writeU32(bytes, META_BLOCK_ROOT_PAGE_OFFSET, meta.rootPage)
  writeU32(bytes, META_BLOCK_ROOT_LEVEL_OFFSET, meta.rootLevel)
  view.setInt32(META_BLOCK_ROOT_CHECKSUM_OFFSET, meta.rootChecksumLow, true)
  view.setInt32(META_BLOCK_ROOT_CHECKSUM_OFFSET + 4, meta.rootChecksumHigh, true)
  writeU64(bytes, META_BLOCK_ENTRY_COUNT_OFFSET, meta.entryCount)
  writeU64(bytes, META_BLOCK_EXTENT_COUNT_OFFSET, meta.extentCount)
  writeU32(bytes, META_BLOCK_PAGE_COUNT_OFFSET, meta.pageCount)
  writeU32(bytes, META_BLOCK_FREE_SPACE_PAGE_OFFSET, meta.freeSpacePage)
  view.setInt32(META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET, meta.freeSpaceChecksumLow, true)
  view.setInt32(META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET + 4, meta.freeSpaceChecksumHigh, true)
  writeU32(bytes, META_BLOCK_FREE_COUNT_OFFSET, meta.freeCount)
  writeU32(bytes, META_BLOCK_FREE_SPACE_MIRROR_PAGE_OFFSET, meta.freeSpaceMirrorPage)
  writeU32(bytes, META_BLOCK_META_COPY_PAGE_OFFSET, metaCopyPage(meta.pageBytes))
  view.setInt32(META_BLOCK_FREE_SPACE_MIRROR_CHECKSUM_OFFSET, meta.freeSpaceMirrorChecksumLow, true)
  view.setInt32(META_BLOCK_FREE_SPACE_MIRROR_CHECKSUM_OFFSET + 4, meta.freeSpaceMirrorChecksumHigh, true)
  bytes.set(meta.logSegmentId, META_BLOCK_LOG_SEGMENT_ID_OFFSET)
  bytes.set(meta.dictionaries, META_BLOCK_DICTIONARIES_OFFSET)
  return bytes
}

/**
 * Returns the stored form of an encoded meta block at a position: with the number of the block, encrypted if the file is, and
 * with the checksum over the stored bytes.
 *
 * @internal
 */
export function sealMeta(encoded: Uint8Array, codec: UnitCodec, block: number): Uint8Array {
  const bytes = encoded.slice()
  writeU32(bytes, META_BLOCK_BLOCK_OFFSET, block)
  codec.encode(UnitKind.MetaBlock, unitPosition(block), 0, bytes, UNIT_START, UNIT_BYTES, bytes, UNIT_START)
  const hash = new Int32Array(2)
  xxHash64(bytes, 0, META_BLOCK_CHECKSUM_OFFSET, SEED_ZERO, hash)
  writeU32(bytes, META_BLOCK_CHECKSUM_OFFSET, (hash[0] as number) >>> 0)
  writeU32(bytes, META_BLOCK_CHECKSUM_OFFSET + 4, (hash[1] as number) >>> 0)
  return bytes
}

/** Returns the position in the file of the part of a meta block that is encrypted in an encrypted file. */
function unitPosition(block: number): number {
  return block * META_STRIDE + UNIT_START
}

/**
 * Decodes and checks the meta block that was read from position `block` of a file. Decrypts `bytes` in place.
 *
 * @param bytes - the stored form.
 * @throws {@link LdbError} LDB_FORMAT when it belongs to no B+tree, to one of another version, or has undefined flags;
 * LDB_UNSUPPORTED when it has a flag that this build does not support; LDB_CORRUPTION when it is damaged.
 * @internal
 */
export function decodeMeta(bytes: Uint8Array, file: string, block: number, codecOf: CodecOfFile): Meta {
  const offset = block * META_STRIDE
  const fileId = bytes.slice(META_BLOCK_FILE_ID_OFFSET, META_BLOCK_FILE_ID_OFFSET + FILE_ID_BYTES)
  const flags = checkFileHeader(bytes, file)
  const codec = codecOf(fileId)
  checkFlags(flags, codec, file)
  const view = new DataView(bytes.buffer, bytes.byteOffset, META_BLOCK_BYTES)
  const hash = new Int32Array(2)
  xxHash64(bytes, 0, META_BLOCK_CHECKSUM_OFFSET, SEED_ZERO, hash)
  if (
    view.getInt32(META_BLOCK_CHECKSUM_OFFSET, true) !== hash[0] ||
    view.getInt32(META_BLOCK_CHECKSUM_OFFSET + 4, true) !== hash[1]
  ) {
    throw corruption(file, offset, 'a meta block does not match its checksum')
  }
  checkSuite(bytes, codec, file, offset)
  if (!codec.decode(UnitKind.MetaBlock, unitPosition(block), 0, bytes, UNIT_START, UNIT_BYTES)) {
    throw corruption(file, offset, 'a meta block cannot be decrypted')
  }
  const u64At = (at: number): number => readCheckedU64(bytes, at, file, offset + at)
  const meta: Meta = {
    fileId,
    pageBytes: readU32(bytes, META_BLOCK_PAGE_BYTES_OFFSET),
    checkpoint: u64At(META_BLOCK_CHECKPOINT_OFFSET),
    epoch: u64At(META_BLOCK_EPOCH_OFFSET),
    durableSeq: u64At(META_BLOCK_DURABLE_SEQ_OFFSET),
    rootPage: readU32(bytes, META_BLOCK_ROOT_PAGE_OFFSET),
    rootLevel: readU32(bytes, META_BLOCK_ROOT_LEVEL_OFFSET),
    rootChecksumLow: view.getInt32(META_BLOCK_ROOT_CHECKSUM_OFFSET, true),
    rootChecksumHigh: view.getInt32(META_BLOCK_ROOT_CHECKSUM_OFFSET + 4, true),
    entryCount: u64At(META_BLOCK_ENTRY_COUNT_OFFSET),
    extentCount: u64At(META_BLOCK_EXTENT_COUNT_OFFSET),
    hasEncodedValues: (flags & FILE_FLAG_ENCODED_VALUES) !== 0,
    pageCount: readU32(bytes, META_BLOCK_PAGE_COUNT_OFFSET),
    freeSpacePage: readU32(bytes, META_BLOCK_FREE_SPACE_PAGE_OFFSET),
    freeSpaceChecksumLow: view.getInt32(META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET, true),
    freeSpaceChecksumHigh: view.getInt32(META_BLOCK_FREE_SPACE_CHECKSUM_OFFSET + 4, true),
    freeSpaceMirrorPage: readU32(bytes, META_BLOCK_FREE_SPACE_MIRROR_PAGE_OFFSET),
    freeSpaceMirrorChecksumLow: view.getInt32(META_BLOCK_FREE_SPACE_MIRROR_CHECKSUM_OFFSET, true),
    freeSpaceMirrorChecksumHigh: view.getInt32(META_BLOCK_FREE_SPACE_MIRROR_CHECKSUM_OFFSET + 4, true),
    freeCount: readU32(bytes, META_BLOCK_FREE_COUNT_OFFSET),
    logSegmentId: bytes.slice(META_BLOCK_LOG_SEGMENT_ID_OFFSET, META_BLOCK_DICTIONARIES_OFFSET),
    dictionaries: bytes.slice(META_BLOCK_DICTIONARIES_OFFSET, META_BLOCK_RESERVED3_OFFSET),
  }
  const isFlagged = (flags & FILE_FLAG_DICTIONARIES) !== 0
  const fault =
    hasDictionaries(meta) === isFlagged
      ? faultOf(meta, bytes, block, codec)
      : 'the flag of dictionaries differs from their reference'
  if (fault !== undefined) throw corruption(file, offset, fault)
  return meta
}

/** Checks magic, versions and undefined flags, and returns the flags. A file that is refused here is intact. */
function checkFileHeader(bytes: Uint8Array, file: string): number {
  const known = { file, kind: FILE_KIND, format: FORMAT_VERSION, flags: FILE_FLAGS_DEFINED }
  const { format, flags } = decodeFileHeader(bytes, known)
  if (format >= FORMAT_VERSION_MIN) return flags
  throw new LdbError(
    'LDB_FORMAT',
    `the file has format ${format}; this build reads format ${FORMAT_VERSION_MIN} and above (${file})`,
    { details: { file, offset: 0, expected: FORMAT_VERSION_MIN, actual: format } },
  )
}

/** Checks that the flags are those of a file that the codec can decode. */
function checkFlags(flags: number, codec: UnitCodec, file: string): void {
  const details = { file, offset: 0 }
  const isEncrypted = (flags & FILE_FLAG_ENCRYPTED) !== 0
  if (isEncrypted && codec.cipher === undefined) {
    throw new LdbError('LDB_UNSUPPORTED', `the file is encrypted, and there is no key (${file})`, { details })
  }
  if (!isEncrypted && codec.cipher !== undefined) {
    throw new LdbError('LDB_FORMAT', `the file is not encrypted, and a key was given (${file})`, { details })
  }
}

/** Refuses an encrypted file of another suite: its units cannot be decrypted. @throws {@link LdbError} LDB_FORMAT. */
function checkSuite(
  bytes: Uint8Array,
  { cipher, trailerBytes }: UnitCodec,
  file: string,
  offset: number,
): void {
  const suite = bytes[META_BLOCK_SUITE_OFFSET]
  if (cipher === undefined) return
  if (suite === cipher.suite && bytes[META_BLOCK_TRAILER_BYTES_OFFSET] === trailerBytes) return
  throw new LdbError(
    'LDB_FORMAT',
    `the file has suite ${suite}, which this build does not support (${file})`,
    {
      details: {
        file,
        offset: offset + META_BLOCK_SUITE_OFFSET,
        ...(suite !== undefined && { actual: suite }),
      },
    },
  )
}

/** Returns the fault of a block whose checksum is right: only a forged or a misplaced block has one. */
function faultOf(meta: Meta, bytes: Uint8Array, block: number, codec: UnitCodec): string | undefined {
  const { pageBytes, pageCount } = meta
  const isOwn = block === SPARE_BLOCK || block === META_COPY_BLOCK || block === blockOf(meta.checkpoint)
  if (readU32(bytes, META_BLOCK_BLOCK_OFFSET) !== block || !isOwn) {
    return 'a meta block is at the position of another'
  }
  if (pageBytes < 512 || pageBytes > 32_768 || (pageBytes & (pageBytes - 1)) !== 0)
    return 'the page size is not valid'
  const firstPage = firstPageNumber(pageBytes)
  if (pageCount <= firstPage || pageCount < metaCopyEnd(pageBytes) || pageCount > PAGE_COUNT_MAX)
    return 'the page count is out of bounds'
  if (meta.rootPage < firstPage || meta.rootPage >= pageCount) return 'the root is outside of the file'
  if (meta.freeSpacePage < firstPage || meta.freeSpacePage >= pageCount)
    return 'the free space is outside of the file'
  if (meta.freeSpaceMirrorPage < firstPage || meta.freeSpaceMirrorPage >= pageCount)
    return 'the mirror of the free space is outside of the file'
  if (readU32(bytes, META_BLOCK_META_COPY_PAGE_OFFSET) !== metaCopyPage(pageBytes))
    return 'the copy of the meta block is at another position'
  if (meta.rootLevel >= LEVELS_MAX) return 'the tree has too many levels'
  const dictionariesPage = readU32(meta.dictionaries, EXTENT_REFERENCE_PAGE_OFFSET)
  if (hasDictionaries(meta) && (dictionariesPage < firstPage || dictionariesPage >= pageCount))
    return 'the dictionaries are outside of the file'
  if (meta.freeCount > pageCount - firstPage) return 'there are more free pages than pages'
  for (const [start, end] of UNUSED_RANGES) {
    if (!isZero(bytes, start, end)) return 'reserved bytes are not zero'
  }
  if (codec.cipher === undefined && !isZero(bytes, META_BLOCK_SUITE_OFFSET, META_BLOCK_RESERVED_OFFSET)) {
    return 'a file that is not encrypted has a suite'
  }
  // The unit of an encrypted block ends with the trailer.
  const unusedEnd = META_BLOCK_CHECKSUM_OFFSET - codec.trailerBytes
  if (!isZero(bytes, META_BLOCK_RESERVED3_OFFSET, unusedEnd)) return 'reserved bytes are not zero'
  return undefined
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] !== 0) return false
  return true
}
