/**
 * A log-structured merge tree in one directory: memtables, sorted tables, leveled compaction, durable at each checkpoint.
 *
 * @packageDocumentation
 */
export { LsmTree } from './lsm-tree.js'
export type { LsmTreeOptions } from './options.js'
export type { CompactionThread, RunningJob } from './worker/thread.js'
export type { KeyRange, TableMeta } from './table/table-meta.js'
export type { CompactionJob, JobOutcome } from './worker/job.js'
export { runCompactionJob } from './worker/run-job.js'
export { createCompactionThread } from '#worker'
export { salvageEntries, salvageStore } from './salvage-store.js'
export type { SalvageOptions } from './salvage-store.js'
export type { SalvageReport, StoreSalvageReport } from './salvage/report.js'
export type { SalvageDoubt, SalvageLoss, SalvageSink } from '@ldb/base'
export { verifyTableFiles } from './verify/verify-table-files.js'
