/**
 * LDB: an embedded, ordered, durable key-value database.
 *
 * @packageDocumentation
 */

// Database
export { Database } from './database.js'
export type { DatabaseOptions, Durability, Logger } from './database-options.js'

// Keyspaces
export { Keyspace } from './keyspace.js'
export type { GetOptions } from './get-options.js'
export { KeyspaceReads } from './keyspace-reads.js'
export { KeyspaceWrites } from './keyspace-writes.js'
export type { KeyspaceOptions, KeysOf, ValuesOf } from './keyspace-options.js'
export type { CompressionName, EngineName, KeyspaceDescriptor } from './catalog.js'

// Reading and writing
export { Scan } from './scan.js'
export { Cursor } from './cursor.js'
export { Snapshot } from './snapshot.js'

// Transactions
export { Transaction } from './transaction.js'
export { TransactionKeyspace } from './transaction-keyspace.js'
export type { TransactionOptions } from './transaction-options.js'
export type { Isolation, Savepoint, TransactionStats } from '@ldb/mvcc'

// Batches
export { Batch } from './batch.js'
export type { PutOptions, WriteOptions } from './write-options.js'

// The async face
export { AsyncDatabase } from './async-database.js'
export { AsyncDatabaseHandle } from './async-handle.js'
export { AsyncKeyspace } from './async-keyspace.js'
export { AsyncKeyspaceReads } from './async-keyspace-reads.js'
export type { AsyncRangeOptions } from './async-keyspace-reads.js'
export { AsyncKeyspaceWrites } from './async-keyspace-writes.js'
export type { AsyncPutOptions, AsyncWriteOptions } from './async-keyspace-writes.js'
export { AsyncScan } from './async-scan.js'
export { AsyncCursor } from './async-cursor.js'
export { AsyncSnapshot } from './async-snapshot.js'
export { AsyncBatch } from './async-batch.js'
export { AsyncTransaction } from './async-transaction.js'
export { AsyncTransactionKeyspace } from './async-transaction-keyspace.js'
export type { AsyncTransactionOptions } from './async-transaction-options.js'
export type { AbortSignalLike, AsyncOptions } from './async-signal.js'

// Changes
export { ChangeStream } from './change-stream.js'
export type { Change, CommittedChanges } from './change-stream.js'
export type { ChangesOptions } from './change-options.js'

// Health
export type { DatabaseStats, KeyspaceStats } from './stats.js'
export type { LogStats } from './commit-log.js'
export type { CheckpointStats } from './checkpointer.js'
export type { OpenReadStats } from './open-reads.js'
export type { DatabaseVerifyProgress, VerifyOptions } from './database-verification.js'
export type {
  CheckpointEvent,
  CompactionEvent,
  DatabaseEventName,
  DatabaseEvents,
  DatabaseListener,
  ErrorEvent,
  StallEvent,
} from './events.js'

// From below, so that one import is enough
export { isLdbError, LdbError } from '@ldb/base'
export type {
  KeyEncoding,
  KeyEncodingOption,
  LdbErrorCode,
  LdbErrorDetails,
  RangeEstimate,
  RangeOptions,
  TupleElement,
  ValueEncoding,
  ValueEncodingOption,
  VerifyFinding,
} from '@ldb/base'
export type { VerifyPart, VerifyReport } from '@ldb/integrity'
export type { PageCacheStats } from '@ldb/cache'
