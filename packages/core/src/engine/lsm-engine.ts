import { corruption } from '@ldb/base'
import type { VerifySink } from '@ldb/base'
import { LsmTree, verifyTableFiles } from '@ldb/lsm'
import type { RandomSource } from '@ldb/vfs'
import { EngineNumber, STORE_FILE_ID_BYTES } from '../format.js'
import type { Engine, RecordedState, StoreContext } from './engine.js'

const MANIFEST_NAME = 'MANIFEST'
const NEW_MANIFEST_NAME = 'MANIFEST.new'
const TABLE_NAME = /^\d{10,15}\.sst$/

/** The LSM tree engine: a manifest and tables for each keyspace. Its section of the catalog is the id of the store. */
export const LSM_ENGINE: Engine = Object.freeze({
  name: 'lsm' as const,
  number: EngineNumber.lsm,
  checkpointFileName: MANIFEST_NAME,

  newSection(random: RandomSource) {
    return random.fill(new Uint8Array(STORE_FILE_ID_BYTES))
  },

  open(context: StoreContext, section: Uint8Array, state: RecordedState) {
    const { vfs, directory, blocks, memtableBytes, compression, codecs, log, observer, keys } = context
    const thread = context.threadOf()
    if (section.length !== STORE_FILE_ID_BYTES) {
      throw corruption(directory, 0, 'the LSM section of a keyspace record is malformed')
    }
    return LsmTree.open(vfs, directory, {
      create: false,
      creation: state === 'none' ? 'write' : 'open',
      rewriteManifest: state === 'recorded' ? 'none' : 'write',
      storeId: section,
      cache: blocks,
      memtableBytes,
      compression,
      codecs,
      tableBytes: Math.max(memtableBytes, TABLE_BYTES_MIN),
      levelBaseBytes: Math.max(2 * memtableBytes, TABLE_BYTES_MIN),
      log,
      observer,
      ...(thread !== undefined && { thread }),
      ...(keys !== undefined && { keys }),
    })
  },

  fileName(number: number) {
    return number === 0 ? MANIFEST_NAME : `${String(number).padStart(10, '0')}.sst`
  },

  openFound({ vfs, directory, blocks, codecs, keys }: StoreContext) {
    return LsmTree.open(vfs, directory, {
      create: false,
      rewriteManifest: 'none',
      cache: blocks,
      codecs,
      memtableBytes: MEMTABLE_BYTES_MIN,
      ...(keys !== undefined && { keys }),
    })
  },

  verifyFiles({ vfs, directory, codecs, keys }: StoreContext, sink: VerifySink) {
    verifyTableFiles(vfs, directory, codecs, keys, sink)
  },

  ownsFile(name: string) {
    return name === MANIFEST_NAME || name === NEW_MANIFEST_NAME || TABLE_NAME.test(name)
  },
})

/** A store that is only read has no memtable. */
const MEMTABLE_BYTES_MIN = 65_536
/** Smaller tables would be many files. Tests have smaller memtables. */
const TABLE_BYTES_MIN = 4096
