import { corruption, equalBytes, isLdbError, LdbError, writeU32 } from '@ldb/base'
import { encodeFileHeader } from '@ldb/integrity'
import type { UnitCodec, UnitFile } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import {
  FILE_KIND,
  FORMAT_VERSION,
  META_BLOCK_BLOCK_OFFSET,
  META_BLOCK_BYTES,
  META_BLOCK_CHECKSUM_OFFSET,
  META_BLOCK_TRAILER_BYTES_OFFSET,
  META_BLOCK_COUNT,
  META_COPY_BLOCK,
  META_REGION_BYTES,
  META_STRIDE,
  MINIMUM_READER,
  SPARE_BLOCK,
} from '../format.js'
import { plainCodec } from './file-codec.js'
import type { CodecOfFile } from './file-codec.js'
import { blockOf, decodeMeta, encodeMeta, sealMeta } from './meta.js'
import type { Meta } from './meta.js'

/** Every position of a meta block: A, B, the spare and the copy. @internal */
export const META_BLOCKS: readonly number[] = [
  ...Array.from({ length: META_BLOCK_COUNT }, (_, block) => block),
  META_COPY_BLOCK,
]

/** Bytes of the magic at the start of a file header. */
const MAGIC_BYTES = 8

/** The newest valid meta block of a file. @internal */
export interface FoundMeta {
  readonly meta: Meta
  /** The encoded block, decrypted, as read from the first of `blocks`. */
  readonly bytes: Uint8Array
  /** Blocks that hold it: its own, the spare, the copy, or several. */
  readonly blocks: readonly number[]
  /** LDB_CORRUPTION of the first damaged block. */
  readonly fault: LdbError | undefined
}

/**
 * Reads the meta blocks of a file and returns the newest valid one.
 *
 * @param codecOf - makes the codec of the file. Default: files are not encrypted.
 * @param isKnownTree - the owner knows that the file is a B+tree: a file without any meta block is damaged.
 * @throws {@link LdbError} LDB_FORMAT when the file is no B+tree or one of another version; LDB_UNSUPPORTED when it has a
 * flag that this build does not support; LDB_CORRUPTION when no block is valid.
 * @internal
 */
export function findMeta(
  file: VfsFile,
  codecOf: CodecOfFile = plainCodec,
  isKnownTree: boolean = false,
): FoundMeta {
  const found: FoundMeta[] = []
  const faults: LdbError[] = []
  for (const block of META_BLOCKS) {
    const bytes = new Uint8Array(META_BLOCK_BYTES)
    const length = file.read(bytes, 0, META_BLOCK_BYTES, block * META_STRIDE)
    // A file that ends here is too short for any checkpoint, which a later check reports, or it is no tree.
    if (block >= SPARE_BLOCK && (length < META_BLOCK_BYTES || isUnwritten(bytes))) continue
    try {
      if (length < META_BLOCK_BYTES)
        throw corruption(file.path, length, 'the file ends within its meta blocks')
      found.push({
        meta: decodeMeta(bytes, file.path, block, codecOf),
        bytes,
        blocks: [block],
        fault: undefined,
      })
    } catch (error) {
      if (!isLdbError(error)) throw error
      // A newer version may have written this block: an older block would undo what that version wrote.
      if (error.code !== 'LDB_CORRUPTION' && hasMagic(bytes)) throw error
      faults.push(error)
    }
  }
  if (found.length === 0) throw noValidBlock(file.path, faults, isKnownTree)
  const newest = found.reduce((left, right) => newerOf(left, right, file.path))
  return { ...newest, fault: faults[0] }
}

/** Reports whether a block was never written: most files have no spare block yet. */
function isUnwritten(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}

/** Returns the fields of the newest valid meta block of a file. Throws as {@link findMeta} does. @internal */
export function readMeta(file: VfsFile): Meta {
  return findMeta(file).meta
}

/** Reads one meta block. Throws as {@link decodeMeta} does. @internal */
export function readMetaBlock(file: VfsFile, block: number, codec: UnitCodec): Meta {
  const bytes = new Uint8Array(META_BLOCK_BYTES)
  file.read(bytes, 0, META_BLOCK_BYTES, block * META_STRIDE)
  return decodeMeta(bytes, file.path, block, () => codec)
}

/**
 * Finds the newest valid meta block of a file that is at least as long as the block says.
 *
 * @remarks A checkpoint extends the file before it writes the block. The length of the file so bounds the memory that is
 * allocated for the page count.
 * @throws {@link LdbError} as {@link findMeta} does; LDB_CORRUPTION also when the file is shorter.
 * @internal
 */
export function findWholeMeta(file: VfsFile, codecOf: CodecOfFile, isKnownTree: boolean): FoundMeta {
  const found = findMeta(file, codecOf, isKnownTree)
  const expected = found.meta.pageCount * found.meta.pageBytes
  const actual = file.length()
  if (actual >= expected) return found
  throw corruption(file.path, actual, 'the file ends before its last page', { expected, actual })
}

/**
 * Writes a meta block to its own position and to that of the copy. Until the next sync, a crash may leave any of the two.
 *
 * @internal
 */
export function writeMeta(file: UnitFile, codec: UnitCodec, meta: Meta): void {
  const encoded = encodeMeta(meta, codec.cipher)
  for (const block of [blockOf(meta.checkpoint), META_COPY_BLOCK]) {
    const bytes = sealMeta(encoded, codec, block)
    file.write(bytes, 0, bytes.length, block * META_STRIDE)
  }
}

/** Writes the spare block with the content of a meta block that is on the device. @internal */
export function writeSpare(file: UnitFile, codec: UnitCodec, meta: Meta): void {
  const bytes = sealMeta(encodeMeta(meta, codec.cipher), codec, SPARE_BLOCK)
  file.write(bytes, 0, bytes.length, SPARE_BLOCK * META_STRIDE)
}

/** Bytes that a file begins with, up to the end of the copy of the meta block. @internal */
export const META_HEAD_BYTES: number = (META_COPY_BLOCK + 1) * META_STRIDE

/**
 * Puts the meta blocks of a file with one checkpoint into its first {@link META_HEAD_BYTES}: its block, and the spare and the copy with the
 * same content. No other block remains.
 *
 * @internal
 */
export function replaceMetaBlocks(head: Uint8Array, meta: Meta, codec: UnitCodec): void {
  const encoded = encodeMeta(meta, codec.cipher)
  head.fill(0, 0, META_REGION_BYTES)
  for (const block of [blockOf(meta.checkpoint), SPARE_BLOCK, META_COPY_BLOCK]) {
    head.set(sealMeta(encoded, codec, block), block * META_STRIDE)
  }
}

function newerOf(left: FoundMeta, right: FoundMeta, file: string): FoundMeta {
  if (!equalBytes(left.meta.fileId, right.meta.fileId)) {
    throw corruption(file, 0, 'the meta blocks belong to different files')
  }
  if (left.meta.checkpoint !== right.meta.checkpoint) {
    return left.meta.checkpoint > right.meta.checkpoint ? left : right
  }
  const [block = 0] = right.blocks
  if (!equalBytes(contentOf(left), contentOf(right))) {
    throw corruption(file, block * META_STRIDE, 'two meta blocks of one checkpoint differ')
  }
  return { ...left, blocks: [...left.blocks, block] }
}

/** Returns the bytes of a block that do not depend on its position, without the trailer of a cipher, which each write chooses anew. */
function contentOf({ bytes }: FoundMeta): Uint8Array {
  const trailerBytes = bytes[META_BLOCK_TRAILER_BYTES_OFFSET] as number
  const content = bytes.slice(0, META_BLOCK_CHECKSUM_OFFSET - trailerBytes)
  writeU32(content, META_BLOCK_BLOCK_OFFSET, 0)
  return content
}

/** Reports whether a block has the magic of a B+tree, of whatever version. @internal */
export function hasMagic(bytes: Uint8Array): boolean {
  const header = encodeFileHeader({
    kind: FILE_KIND,
    format: FORMAT_VERSION,
    minimumReader: MINIMUM_READER,
    flags: 0,
  })
  for (let index = 0; index < MAGIC_BYTES; index += 1) if (bytes[index] !== header[index]) return false
  return true
}

function noValidBlock(file: string, faults: LdbError[], isKnownTree: boolean): LdbError {
  const damaged = faults.find((fault) => fault.code === 'LDB_CORRUPTION')
  const cause = damaged ?? faults[0]
  if (damaged === undefined && cause !== undefined && !isKnownTree) return cause
  return new LdbError('LDB_CORRUPTION', `no meta block of ${file} is valid`, {
    ...(cause !== undefined && { cause }),
    details: { file, offset: 0 },
  })
}
