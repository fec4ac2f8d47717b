/**
 * File systems that simulate power loss and I/O errors, drivers that check stores on them, and suites for every engine.
 *
 * @packageDocumentation
 */

// Crashes
export { CrashVfs } from './crash/crash-vfs.js'
export type { CrashVfsOptions } from './crash/crash-vfs.js'
export type { DiskOperation } from './crash/disk.js'
export { CANONICAL_MODES, crashPlan, randomCrashPlan } from './crash/plan.js'
export type { CrashMode, CrashPlan } from './crash/plan.js'

// Faults
export { FaultVfs } from './vfs/fault-vfs.js'
export { FAULT_KINDS, isSilent } from './vfs/fault.js'
export type { Fault, FaultEffect, FaultKind } from './vfs/fault.js'
export type { SyncFailure } from './vfs/sync-failure.js'

// Tracing
export { TraceVfs } from './trace/trace-vfs.js'
export type { TraceOptions } from './trace/trace-vfs.js'
export {
  COMMON_RULES,
  namesBeforeSync,
  neverRewrites,
  removesAfterReplacement,
  renamesWholeFiles,
  rootsAfterData,
} from './trace/order-rules.js'
export type { OrderRule, PathTest } from './trace/order-rules.js'

// Randomness
export { seededRandom, TestRandom } from './base/test-random.js'
export { swarmOptions, swarmWeights } from './history/swarm.js'
export type { SwarmChoices, SwarmPick } from './history/swarm.js'

// Drivers
export { crashRun } from './drivers/crash-driver.js'
export { DEFAULT_CRASH_SETTINGS, noCrashCounts } from './drivers/crash-settings.js'
export type { CrashCounts, CrashSettings, DiskProfile } from './drivers/crash-settings.js'
export { DEFAULT_SWEEP_SETTINGS, errorSweep, noSweepCounts } from './drivers/error-sweep.js'
export type { SweepCounts, SweepSettings } from './drivers/error-sweep.js'
export { attemptCommit } from './suite/subject.js'
export type { Subject, SubjectRun, SubjectSession } from './suite/subject.js'
export { History } from './history/history.js'
export type { ModelChange, ModelState } from './history/history.js'
export { assertGuarantee, Violation } from './base/violation.js'

// Suites
export { STORE_CASES, storeSuite } from './store/suite.js'
export type { StoreCase } from './store/suite.js'
export type { StoreMaker, StoreLocation } from './store/store-maker.js'

export { isolationSuite } from './isolation/isolation-suite.js'
export type { IsolationCounts } from './isolation/isolation-suite.js'
export type {
  IsolationSession,
  IsolationSubject,
  IsolationTransaction,
  IsolationView,
} from './suite/isolation-subject.js'
export { historySuite } from './history-checker/history-suite.js'

// Subjects
export { databaseTransactions } from './subjects/database-transactions.js'
export { transactionsSubject } from './subjects/transactions-subject.js'
export { walSubject } from './subjects/wal-subject.js'
export { treeSubject } from './subjects/tree-subject.js'
export { databaseSubject } from './subjects/database-subject.js'
export { treeStores, treeStoresOf } from './subjects/tree-stores.js'
