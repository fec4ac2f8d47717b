import { LdbError, NO_SEGMENT_ID, ownOptions, toSeq } from '@ldb/base'
import type { SalvageDoubt, SalvageLoss, SalvageSink } from '@ldb/base'
import { CodecTable } from '@ldb/integrity'
import type { DataKeys } from '@ldb/integrity'
import { resolvePath } from '@ldb/vfs'
import type { FilePath, Vfs } from '@ldb/vfs'
import { LsmTree } from './lsm-tree.js'
import type { LsmTreeOptions } from './options.js'
import type { SalvageReport, StoreSalvageReport } from './salvage/report.js'
import { StoreSalvage } from './salvage/store-salvage.js'
import { MANIFEST_NAME } from './version/manifest-writer.js'

/** Options of {@link salvageStore}. All are optional. @category Salvage */
export interface SalvageOptions extends Omit<
  LsmTreeOptions,
  'create' | 'creation' | 'rewriteManifest' | 'thread'
> {
  /** Number of the commit that the new store contains. Default: that of the manifest; without one, 1. */
  readonly seq?: number
}

/**
 * Writes what can be read of a damaged store to a new one. The damaged store is not changed.
 *
 * @remarks Where the manifest is intact, its tables are the store, and what is missing of them is reported. Without it, every table in the directory is read:
 * stamps decide which version of a key is the newest, and a version that a later compaction has dropped stays dropped. Tables of which that
 * cannot be told are reported as doubts. Indexes are not used: each block that is intact is read. Takes the memory of one table, and reads each twice.
 * @param source - directory of the damaged store, which nothing has open.
 * @param target - directory of the new store, without one.
 * @throws {@link LdbError} LDB_EXISTS when there is a store in `target`; LDB_NOT_FOUND without `source`; LDB_IO.
 * @category Salvage
 */
export function salvageStore(
  vfs: Vfs,
  source: FilePath,
  target: FilePath,
  options?: SalvageOptions,
): SalvageReport {
  const { seq, ...treeOptions } = options === undefined ? {} : ownSalvageOptions(options)
  const from = resolvePath(vfs, source)
  const to = resolvePath(vfs, target)
  if (vfs.status(`${to}/${MANIFEST_NAME}`) !== undefined || from === to) {
    throw new LdbError('LDB_EXISTS', `there is a store in ${to}`, { details: { file: to } })
  }
  const losses: SalvageLoss[] = []
  const doubts: SalvageDoubt[] = []
  const salvage = new StoreSalvage(vfs, from, treeOptions.codecs ?? new CodecTable(), treeOptions.keys, {
    loss: (loss) => losses.push(loss),
    doubt: (doubt) => doubts.push(doubt),
  })
  try {
    using store = LsmTree.open(vfs, to, treeOptions)
    return { ...writeTo(store, salvage, seq), losses, doubts }
  } finally {
    salvage.close()
  }
}

/**
 * Reads what can be read of a damaged store. Writes nothing.
 *
 * @remarks As {@link salvageStore}; the entries go to a sink instead of a new store.
 * @param source - directory of the damaged store, which nothing has open.
 * @param codecs - compression codecs of the application.
 * @param keys - the data keys of an encrypted store.
 * @throws {@link LdbError} LDB_NOT_FOUND without `source`; LDB_IO; what the sink throws.
 * @category Salvage
 */
export function salvageEntries(
  vfs: Vfs,
  source: FilePath,
  sink: SalvageSink,
  codecs: CodecTable = new CodecTable(),
  keys?: DataKeys,
): StoreSalvageReport {
  const salvage = new StoreSalvage(vfs, resolvePath(vfs, source), codecs, keys, sink)
  try {
    return salvage.read((key, value) => {
      sink.entry(key, value)
    })
  } finally {
    salvage.close()
  }
}

/** Writes the entries by one load, which becomes visible and durable as a whole. */
function writeTo(store: LsmTree, salvage: StoreSalvage, seq: number | undefined): StoreSalvageReport {
  const load = store.beginLoad()
  try {
    const report = salvage.read((key, value) => {
      load.add(key, key.length, value)
      if (load.isPersistDue) load.persist().sync()
    })
    if (report.entryCount > 0) {
      load.complete().sync()
      load.install(toSeq(seq ?? Math.max(1, report.durableSeq ?? 1)), NO_LOG)
    }
    return report
  } finally {
    load.abort()
  }
}

function ownSalvageOptions(options: SalvageOptions): SalvageOptions {
  return ownOptions(options, SALVAGE_OPTION_NAMES, 'options of a salvage') as SalvageOptions
}

const SALVAGE_OPTION_NAMES = [
  'seq',
  'storeId',
  'cache',
  'cacheBytes',
  'memtableBytes',
  'blockBytes',
  'compression',
  'codecs',
  'compaction',
  'tableBytes',
  'levelBaseBytes',
  'log',
  'observer',
  'keys',
] as const

const NO_LOG = {
  segmentId: NO_SEGMENT_ID,
  sync: (): void => undefined,
  syncAsync: (): Promise<void> => Promise.resolve(),
}
