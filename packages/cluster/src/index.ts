/**
 * The asynchronous API of LDB over a distributed engine.
 *
 * @packageDocumentation
 */

// The driver interface
export type { ClusterDriver, CommitOutcome, DriverCapabilities, DriverLimits } from './driver/driver.js'
export type { CallOptions } from './driver/call-options.js'
export type { DriverKeyspace } from './driver/driver-keyspace.js'
export type { Marker } from './driver/marker.js'
export type { Version } from './driver/version.js'
export type {
  CommitResult,
  CommitRequest,
  DriverEntry,
  DriverKey,
  DriverRange,
  DriverTransaction,
  DriverWrite,
  RangePage,
  RangeRequest,
  TransactionRequest,
} from './driver/driver-transaction.js'
export type { DriverWatch, WatchedChange, WatchedCommit, WatchRequest } from './driver/driver-watch.js'
export { isCertificateError } from './driver/certificate-error.js'
export { DriverError, isDriverError } from './driver/driver-error.js'
export type { DriverErrorKind } from './driver/driver-error.js'

// The database
export { ClusterDatabase } from './cluster-database.js'
export type { ClusterKeyspaceDescriptor } from './cluster-database.js'
export type { ClusterOptions } from './cluster-options.js'
export { PORTABLE_LIMITS } from './calls/portable-limits.js'

// Keyspaces
export { ClusterKeyspace } from './write/cluster-keyspace.js'
export type {
  ClusterKeyspaceOptions,
  ClusterKeyspaceOptionsWith,
  ClusterStoredOptions,
  TypedClusterKeyspaceOptions,
} from './keyspace/keyspace-options.js'

// Reading
export { ClusterReads } from './read/cluster-reads.js'
export type { ClusterRangeOptions } from './read/cluster-reads.js'
export { ClusterScan } from './read/cluster-scan.js'
export { ClusterSnapshot } from './write/cluster-snapshot.js'

// Writing
export { ClusterBatch } from './write/cluster-batch.js'
export type { ClusterPutOptions, ClusterWriteOptions, TtlOption } from './write/write-options.js'

// Transactions
export { ClusterTransaction } from './transaction/cluster-transaction.js'
export type { ClusterSavepoint } from './transaction/cluster-transaction.js'
export { ClusterTransactionKeyspace } from './transaction/transaction-keyspace.js'
export type { ClusterRetryOptions, ClusterTransactionOptions } from './transaction/transaction-options.js'

// Changes
export { ClusterChanges } from './changes/cluster-changes.js'
export type { ClusterChange, ClusterCommit } from './changes/change.js'
export type { ClusterChangesOptions } from './changes/changes-options.js'
export type { PositionTarget } from './changes/consumer.js'

// The memory driver
export { MemoryCluster } from './memory/memory-cluster.js'
export type { MemoryClusterOptions } from './memory/memory-cluster.js'
export { memoryDriver } from './memory/memory-driver.js'
export type { MemoryDriverOptions } from './memory/memory-driver.js'
export type { ChooseFault, MemoryCall, MemoryFault } from './memory/memory-faults.js'

// Portable programs
export type {
  KeyspaceHandle,
  KeyValueBatch,
  KeyValueDatabase,
  KeyValueKeyspace,
  KeyValueReads,
  KeyValueScan,
  KeyValueSnapshot,
  KeyValueTransaction,
  KeyValueTransactionKeyspace,
} from './key-value-database.js'

// Copies
export { copyDatabase } from './copy/copy-database.js'
export type { CopiedKeyspace, CopyReport } from './copy/copy-database.js'
export type { CopyEncodings, CopyOptions, CopyProgress } from './copy/copy-options.js'
