import { assert, corruption } from '@ldb/base'
import { BTree } from '@ldb/btree'
import type { TreeIdentity } from '@ldb/btree'
import type { RandomSource } from '@ldb/vfs'
import {
  EngineNumber,
  BTREE_SECTION_BYTES,
  BTREE_SECTION_OFFSET_FILE_ID,
  BTREE_SECTION_OFFSET_PAGE_BYTES,
  BTREE_SECTION_OFFSET_RESERVED,
  isPageSize,
  STORE_FILE_ID_BYTES,
} from '../format.js'
import { cipherOption } from '../encryption/ciphers.js'
import type { Engine, RecordedState, StoreContext } from './engine.js'

/** Name of the file of a B+tree. */
export const TREE_NAME = 'tree.ldb'
const TEMPORARY_NAME = 'tree.ldb.new'

/** The B+tree engine: one file per keyspace. Its page size is the frame size of the page cache. */
export const BTREE_ENGINE: Engine = Object.freeze({
  name: 'btree' as const,
  number: EngineNumber.btree,
  checkpointFileName: TREE_NAME,

  newSection(random: RandomSource, pageBytes: number) {
    return encodeSection({ fileId: random.fill(new Uint8Array(STORE_FILE_ID_BYTES)), pageBytes })
  },

  open(context: StoreContext, section: Uint8Array, state: RecordedState) {
    const path = treePath(context)
    const identity = identityOfSection(section, path)
    const { pageBytes } = context.cache
    if (identity.pageBytes !== pageBytes) {
      const details = { expected: pageBytes, actual: identity.pageBytes }
      throw corruption(path, 0, 'the keyspace has another page size than the database', details)
    }
    return BTree.open(context.vfs, path, {
      cache: context.cache,
      compression: context.compression,
      codecs: context.codecs,
      dictionary: context.dictionary,
      create: false,
      identity,
      rewriteMeta: state === 'recorded' ? 'none' : 'write',
      creation: state === 'none' ? 'write' : 'open',
      observer: context.observer,
      ...cipherOption(context.keys, 'tree'),
    })
  },

  fileName() {
    return TREE_NAME
  },

  openFound(context: StoreContext) {
    return BTree.open(context.vfs, treePath(context), {
      codecs: context.codecs,
      create: false,
      rewriteMeta: 'none',
      ...cipherOption(context.keys, 'tree'),
    })
  },

  verifyFiles() {
    // Without a meta block, nothing says where the root is.
  },

  ownsFile(name: string) {
    return name === TREE_NAME || name === TEMPORARY_NAME
  },
})

function treePath(context: StoreContext): string {
  return `${context.directory}/${TREE_NAME}`
}

function encodeSection({ fileId, pageBytes }: TreeIdentity): Uint8Array {
  assert(fileId.length === STORE_FILE_ID_BYTES, 'a file id has 16 bytes')
  const section = new Uint8Array(BTREE_SECTION_BYTES)
  section.set(fileId, BTREE_SECTION_OFFSET_FILE_ID)
  new DataView(section.buffer).setUint32(BTREE_SECTION_OFFSET_PAGE_BYTES, pageBytes, true)
  return section
}

/** Decodes the section of a B+tree. @throws {@link LdbError} LDB_CORRUPTION. */
export function identityOfSection(section: Uint8Array, file: string): TreeIdentity {
  const view = new DataView(section.buffer, section.byteOffset, section.byteLength)
  if (section.length !== BTREE_SECTION_BYTES || view.getUint32(BTREE_SECTION_OFFSET_RESERVED, true) !== 0) {
    throw corruption(file, 0, 'the B+tree section of a keyspace record is malformed')
  }
  const pageBytes = view.getUint32(BTREE_SECTION_OFFSET_PAGE_BYTES, true)
  if (!isPageSize(pageBytes))
    throw corruption(file, 0, 'the catalog contains an invalid page size', { actual: pageBytes })
  const fileIdEnd = BTREE_SECTION_OFFSET_FILE_ID + STORE_FILE_ID_BYTES
  return { fileId: section.slice(BTREE_SECTION_OFFSET_FILE_ID, fileIdEnd), pageBytes }
}
