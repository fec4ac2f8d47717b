/**
 * LDB: an embedded, ordered, durable key-value database.
 *
 * @packageDocumentation
 */

// Database
export { Database } from './database.js'
export type { DatabaseMaintenance } from './database-maintenance.js'
export type { AsyncDatabaseMaintenance } from './async-maintenance.js'
export type { DatabaseOptions, Durability } from './health/options.js'
export type { ScrubOptions } from './health/background-options.js'
export type { Logger } from './health/logger.js'
export type { Encryption, MasterKey, SecretKeyObject } from './encryption/secret.js'
export { readDataKeys } from './encryption/read-data-keys.js'

// Keyspaces
export { Keyspace } from './write/keyspace.js'
export type { GetOptions } from './read/get-options.js'
export { KeyspaceReads } from './read/keyspace-reads.js'
export { KeyspaceWrites } from './write/keyspace-writes.js'
export type {
  KeyspaceOptions,
  KeyspaceOptionsWith,
  StoredOptions,
  TypedKeyspaceOptions,
} from './keyspace/options.js'
export type { ViewKeys, ViewOptions, ViewValues } from './keyspace/view-options.js'
export type { CompressionName, EngineName, KeyspaceDescriptor, StoredCompression } from './catalog/catalog.js'
export type { Compression } from './health/compression.js'
export type { CompressionCodec, KeyMaterial } from '@ldb/integrity'

// Reading and writing
export { Scan } from './read/scan.js'
export { Cursor } from './read/cursor.js'
export { Snapshot } from './write/snapshot.js'

// Hosts
export { ReadWindow } from './read/read-window.js'

// Transactions
export { Transaction } from './transaction/transaction.js'
export { TransactionKeyspace } from './transaction/keyspace.js'
export type { TransactionOptions } from './transaction/options.js'
export type { SynchronousResult } from './transaction/run.js'
export type { Isolation, Savepoint, TransactionStats } from '@ldb/mvcc'

// Batches
export { Batch } from './write/batch.js'
export type { LoadOptions, PutOptions, WriteOptions } from './write/options.js'

// The asynchronous API
export { AsyncDatabase } from './async-database.js'
export { AsyncDatabaseHandle } from './async-handle.js'
export { AsyncKeyspace } from './async/keyspace.js'
export { AsyncKeyspaceReads } from './async/keyspace-reads.js'
export type { AsyncRangeOptions } from './async/keyspace-reads.js'
export { AsyncKeyspaceWrites } from './async/keyspace-writes.js'
export type { AsyncPutOptions, AsyncWriteOptions } from './async/keyspace-writes.js'
export type { LoadEntries } from './async/load.js'
export { AsyncScan } from './async/scan.js'
export { AsyncCursor } from './async/cursor.js'
export { AsyncSnapshot } from './async/snapshot.js'
export { AsyncBatch } from './async/batch.js'
export { AsyncTransaction } from './async/transaction.js'
export { AsyncTransactionKeyspace } from './async/transaction-keyspace.js'
export type { AsyncTransactionOptions } from './async/transaction-options.js'

// Backups
export type { BackupOptions, BackupProgress, BackupReport } from './backup/options.js'
export type { BackupSource, WebReadable } from './transfer/byte-source.js'
export type {
  BackupContinuation,
  BackupStreamFailure,
  BackupStreamOptions,
  BackupStreamReport,
} from './transfer/stream-options.js'
export type { BackupWritable, NodeWritable, WebWritable } from './transfer/writable.js'
export { exportLines } from './export-lines.js'
export type { ExportOptions, ExportPosition } from './export-lines.js'
export { importLines } from './import-lines.js'
export type { ImportOptions, ImportProgress, ImportReport } from './import-lines.js'
export type { ArchiveStats } from './archive/archive-stats.js'
export type {
  RestoreOptions,
  RestoreReport,
  RestoreStreamFailure,
  RestoreStreamOptions,
} from './restore/options.js'

// Changes
export { ChangeStream } from './changes/stream.js'
export type { Change, ChangedKeyspace, CommittedChanges } from './changes/change.js'
export type { ChangesOptions } from './changes/options.js'
export type { LogRecord, LogRecords, LogRecordsOptions } from './changes/log-records.js'
export type { ConsumerInfo } from './changes/consumers.js'
export type { ConsumerStats } from './log/consumer-stats.js'
export type { PositionWrites } from './changes/open-consumer.js'

// Streams of values
export { ValueStream } from './streams/value-stream.js'
export type { ValueSource } from './streams/chunk-source.js'

// Health
export type { HandleSummary, PlainHandle } from './health/handle-summary.js'
export type { BlobStats } from './blob/blob-values.js'
export type { DatabaseStats, EncryptionStats, KeyspaceStats } from './stats.js'
export type { LogStats } from './log/commit-log.js'
export type { CheckpointStats } from './commit/checkpointer.js'
export type { ScrubStats } from './maintenance/background-scrub.js'
export type { RenewalAmount, RenewalKind, RenewalStats } from './maintenance/background-renewal.js'
export type { RotateKeyOptions } from './keys-and-tokens.js'
export type { OpenReadStats } from './read/open-reads.js'
export type { RepairOptions, RepairProgress } from './repair/options.js'
export type { RepairedKeyspace, RepairLoss, RepairReport, RepairSuspect } from './repair/report.js'
export type { DatabaseVerifyLocation, DatabaseVerifyProgress, VerifyOptions } from './verification/options.js'
export type { DirectoryVerifyReport, VerifyDirectoryOptions } from './directory-verification.js'
export type { DatabaseComparison, KeyDifference, KeyspaceComparison } from './verification/comparison.js'
export type {
  CheckpointEvent,
  CompactionEvent,
  RenewalEvent,
  ScrubEvent,
  DatabaseEventName,
  DatabaseEvents,
  DatabaseListener,
  ErrorEvent,
  LeakEvent,
  LeakKind,
  StallEvent,
  StallStats,
} from './health/events.js'

// Re-exports of lower packages, so that one import is enough
export { isLdbError, LdbError } from '@ldb/base'
export type {
  AbortSignalLike,
  AsyncOptions,
  KeyEncoding,
  KeyEncodingOption,
  KeyPrefix,
  KeysOf,
  KeysOfName,
  LdbErrorCode,
  LdbErrorDetails,
  RangeEstimate,
  RangeOptions,
  TupleElement,
  TypedKeys,
  TypedValues,
  ValueEncoding,
  ValueEncodingOption,
  ValuesOf,
  ValuesOfName,
  VerifyFinding,
  VerifyLevel,
  VerifyLevelsShape,
  VerifyLocation,
  VerifySeverity,
  VerifyShape,
  VerifyTreeShape,
  VerifyUnitKind,
} from '@ldb/base'
export type { ReportedFinding, VerifiedDataKey, VerifyPart, VerifyReport, VerifyUnits } from '@ldb/integrity'
export type { BlockCacheStats, CacheBudgetStats, PageCacheStats } from '@ldb/cache'
