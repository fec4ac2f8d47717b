import { equalBytes, isLdbError, readU32 } from '@ldb/base'
import { FILE_ID_BYTES, UnitKind } from '@ldb/integrity'
import type { UnitCodec } from '@ldb/integrity'
import type { VfsFile } from '@ldb/vfs'
import type { CodecOfFile } from '../file/file-codec.js'
import { blockOf, decodeMeta } from '../file/meta.js'
import type { Meta } from '../file/meta.js'
import { hasMagic, META_BLOCKS } from '../file/meta-blocks.js'
import type { TreeIdentity } from '../file/options.js'
import {
  firstPageNumber,
  META_BLOCK_BYTES,
  META_COPY_BLOCK,
  META_BLOCK_FILE_ID_OFFSET,
  META_STRIDE,
  PAGE_COUNT_MAX,
  PAGE_HEADER_PAGE_NUMBER_OFFSET,
} from '../format.js'

const PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16_384, 32_768] as const
/** Pages that are read to learn the id and the page size of a file without a meta block. */
const TRIED_PAGES = 64

/** What is known of a damaged file. */
export interface FoundTree {
  readonly codec: UnitCodec
  readonly pageBytes: number
  readonly pageCount: number
  /** The meta block of the newest checkpoint. */
  readonly meta: Meta | undefined
  /** False when a damaged block may have been that of a newer checkpoint. */
  readonly isNewest: boolean
}

/** The blocks of a file that are intact, and the ids that its damaged ones may still have. */
interface FoundBlocks {
  readonly metas: readonly Meta[]
  readonly fileIds: readonly Uint8Array[]
  /** Positions of damaged blocks. */
  readonly damaged: ReadonlySet<number>
  /** The checkpoint of the copy. */
  readonly copied: number | undefined
}

/**
 * Finds the newest meta block of a damaged file; without one, its id and its page size, which a page proves.
 *
 * @param identity - what the owner knows.
 * @param codecOf - makes the codec of the file.
 * @returns `undefined` when no page of the file is intact.
 * @throws {@link LdbError} LDB_FORMAT, LDB_UNSUPPORTED for an intact block of another version; LDB_IO.
 */
export function findTree(
  file: VfsFile,
  identity: TreeIdentity | undefined,
  codecOf: CodecOfFile,
): FoundTree | undefined {
  const { metas, fileIds, damaged, copied } = readBlocks(file, identity, codecOf)
  const length = file.length()
  const [newest] = [...metas].sort((left, right) => right.checkpoint - left.checkpoint)
  if (newest !== undefined) {
    const { fileId, pageBytes, pageCount, checkpoint } = newest
    // A checkpoint that has ended is in the copy, too.
    const isNewest = copied === checkpoint || !damaged.has(blockOf(checkpoint + 1))
    return { codec: codecOf(fileId), pageBytes, pageCount, meta: newest, isNewest }
  }
  const sizes = identity === undefined ? PAGE_SIZES : [identity.pageBytes]
  for (const fileId of identity === undefined ? fileIds : [identity.fileId]) {
    for (const pageBytes of sizes) {
      const codec = codecOf(fileId)
      const pageCount = Math.min(PAGE_COUNT_MAX, Math.floor(length / pageBytes))
      if (hasIntactPage(file, codec, pageBytes, pageCount)) {
        return { codec, pageBytes, pageCount, meta: undefined, isNewest: false }
      }
    }
  }
  return undefined
}

function readBlocks(file: VfsFile, identity: TreeIdentity | undefined, codecOf: CodecOfFile): FoundBlocks {
  const metas: Meta[] = []
  const fileIds: Uint8Array[] = []
  const damaged = new Set<number>()
  let copied: number | undefined
  for (const block of META_BLOCKS) {
    const bytes = new Uint8Array(META_BLOCK_BYTES)
    file.read(bytes, 0, META_BLOCK_BYTES, block * META_STRIDE)
    fileIds.push(bytes.slice(META_BLOCK_FILE_ID_OFFSET, META_BLOCK_FILE_ID_OFFSET + FILE_ID_BYTES))
    try {
      const meta = decodeMeta(bytes, file.path, block, codecOf)
      if (identity !== undefined && !isFileOf(meta, identity)) {
        damaged.add(block)
        continue
      }
      metas.push(meta)
      if (block === META_COPY_BLOCK) copied = meta.checkpoint
    } catch (error) {
      if (!isLdbError(error) || (error.code !== 'LDB_CORRUPTION' && hasMagic(bytes))) throw error
      if (bytes.some((byte) => byte !== 0)) damaged.add(block)
    }
  }
  return { metas, fileIds, damaged, copied }
}

function isFileOf(meta: Meta, { fileId, pageBytes }: TreeIdentity): boolean {
  return meta.pageBytes === pageBytes && equalBytes(meta.fileId, fileId)
}

/** Reports whether one of the first pages is intact under an id and a page size. */
function hasIntactPage(file: VfsFile, codec: UnitCodec, pageBytes: number, pageCount: number): boolean {
  const bytes = new Uint8Array(pageBytes)
  const first = firstPageNumber(pageBytes)
  for (let page = first; page < Math.min(pageCount, first + TRIED_PAGES); page += 1) {
    if (readIntactPage(file, codec, bytes, page)) return true
  }
  return false
}

/**
 * Reads a page, and reports whether it matches its own checksum and page number.
 *
 * @param bytes - receives the page.
 * @param epoch - that an encrypted unit of this kind is bound to.
 */
export function readIntactPage(
  file: VfsFile,
  codec: UnitCodec,
  bytes: Uint8Array,
  page: number,
  kind: UnitKind = UnitKind.Page,
  epoch: number = 0,
): boolean {
  const pageBytes = bytes.length
  const fileOffset = page * pageBytes
  if (file.read(bytes, 0, pageBytes, fileOffset) !== pageBytes) return false
  if (!codec.decode(kind, fileOffset, epoch, bytes, 0, pageBytes)) return false
  if (readU32(bytes, PAGE_HEADER_PAGE_NUMBER_OFFSET) !== page) return false
  return codec.isIntact(bytes, 8, pageBytes, readU32(bytes, 0) | 0, readU32(bytes, 4) | 0)
}
