import { isLdbError } from '@ldb/base'
import type { SalvageSink } from '@ldb/base'
import { salvageTree } from '@ldb/btree'
import type { CodecTable, DataKeys } from '@ldb/integrity'
import { salvageEntries } from '@ldb/lsm'
import type { Vfs } from '@ldb/vfs'
import type { EngineName } from '../catalog/catalog.js'
import { cipherOption } from '../encryption/ciphers.js'
import { identityOfSection, TREE_NAME } from './btree-engine.js'
import { LSM_ENGINE } from './lsm-engine.js'

/** What is left of the files of a store. */
export interface SalvagedStore {
  /** Newest commit in its checkpoint; `undefined` when it is unknown. */
  readonly durableSeq: number | undefined
  /** Entries of the checkpoint that were not read; `undefined` when their number is unknown. */
  readonly lostCount: number | undefined
}

/** Returns the engine of the files in the directory of a keyspace. */
export function engineOfFiles(vfs: Vfs, directory: string): EngineName {
  if (vfs.status(directory)?.kind !== 'directory') return 'btree'
  return vfs.list(directory).some((name) => LSM_ENGINE.ownsFile(name)) ? 'lsm' : 'btree'
}

/**
 * Reads what can be read of the files of a store.
 *
 * @param section - the engine's section of the catalog; `undefined` when it is lost.
 * @param keys - of an encrypted database.
 * @returns `undefined` when there are no files of the store.
 */
export function salvageFiles(
  vfs: Vfs,
  directory: string,
  engine: EngineName,
  section: Uint8Array | undefined,
  codecs: CodecTable,
  keys: DataKeys | undefined,
  sink: SalvageSink,
): SalvagedStore | undefined {
  if (vfs.status(directory)?.kind !== 'directory') return undefined
  if (engine === 'lsm') {
    if (!vfs.list(directory).some((name) => LSM_ENGINE.ownsFile(name))) return undefined
    return salvageEntries(vfs, directory, sink, codecs, keys)
  }
  const file = `${directory}/${TREE_NAME}`
  if (vfs.status(file) === undefined) return undefined
  const identity = section && identityOfSection(section, file)
  try {
    return salvageTree(vfs, file, sink, {
      ...(identity !== undefined && { identity }),
      codecs,
      ...cipherOption(keys, 'tree'),
    })
  } catch (error) {
    if (!isLdbError(error, 'LDB_CORRUPTION') || error.details.file !== file) throw error
    sink.loss({ file, offset: 0, message: error.message, lower: undefined, upper: undefined })
    return { durableSeq: undefined, lostCount: undefined }
  }
}
