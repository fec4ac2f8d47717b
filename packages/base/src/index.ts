/**
 * The shared types of LDB: errors, bytes, ranges, encodings, write batches and the contracts of stores.
 *
 * @packageDocumentation
 */

// Errors and assertions
export { corruption, invalidArgument, isLdbError, LdbError, tooLarge } from './ldb-error.js'
export type { LdbErrorCode, LdbErrorDetails } from './ldb-error.js'
export { assert, INVARIANTS } from './assert.js'

// Numbers and limits
export { toLsn, toPageNumber, toSeq, toTxId } from './branded-numbers.js'
export type { Lsn, PageNumber, Seq, TxId } from './branded-numbers.js'
export { BATCH_BYTES_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX } from './limits.js'

// Bytes
export {
  commonPrefixBytes,
  compareByteRanges,
  compareBytes,
  concatBytes,
  copyBytes,
  copyBytesInto,
  equalBytes,
  formatBytes,
  isBytes,
  kindOf,
  prefixSuccessor,
  startsWithBytes,
  toPlainBytes,
} from './bytes/bytes.js'
export { copyWords } from '#copy-words'
export { PREVENTS_TRANSFER, sharedBytes } from './bytes/shared-bytes.js'
export { uninitializedBytes } from '#uninitialized-bytes'
export { decodeVarint, encodeVarint, VARINT_BYTES_MAX, varintBytes } from './bytes/varint.js'
export {
  readU16,
  readU32,
  readU64,
  readCheckedU64,
  writeU16,
  writeU32,
  writeU64,
} from './bytes/fixed-width.js'
export { decodeUtf8, encodeUtf8, encodeUtf8Into, utf8Bytes } from '#utf8'

// Checks
export { assertIterable, isAsyncIterable } from './iterables.js'
export { ignoreRejection, isPromiseLike, refusePromise } from './promise-like.js'

// Options
export { optionalMember, ownOptions, ownPropertiesWithout, ownProperty } from './own-options.js'
export type { OwnOptions } from './own-options.js'

// Abort signals
export {
  abortedError,
  addAbortListener,
  checkSignal,
  isAborted,
  removeAbortListener,
  signalOf,
  splitSignal,
  throwIfAborted,
  untilAborted,
} from './signals/abort-signal.js'
export type { AbortSignalLike, AsyncOptions } from './signals/abort-signal.js'

// Ranges
export {
  ALL_KEYS,
  ownBounds,
  intersectBounds,
  isEmptyBounds,
  isWithinBounds,
  keySuccessor,
  prefixBounds,
} from './range/half-open-range.js'
export type { OwnBounds } from './range/half-open-range.js'
export { AscendingKeys } from './range/ascending-keys.js'
export { resolveRange } from './range/range-options.js'
export type { KeyPrefix, RangeOptions, ResolvedRange } from './range/range-options.js'

// Encodings
export type { KeyEncoding, KeyEncodingOption } from './encoding/key-encoding.js'
export { binaryKeys, keyEncoding, tupleKeys, utf8Keys } from './encoding/key-encodings.js'
export type {
  KeysOf,
  KeysOfName,
  TypedKeys,
  TypedValues,
  ValuesOf,
  ValuesOfName,
} from './encoding/encoded-types.js'
export { TUPLE_DEPTH_MAX, TupleCode } from './encoding/tuple-format.js'
export type { TupleElement } from './encoding/tuple-encoder.js'
export type { ValueEncoding, ValueEncodingOption } from './encoding/value-encoding.js'
export {
  binaryValues,
  jsonValues,
  structuredValues,
  utf8Values,
  valueEncoding,
} from './encoding/value-encodings.js'
export { STRUCTURED_DEPTH_MAX } from './structured/structured-format.js'

// Write batches
export { BATCH_HEADROOM_BYTES, BATCH_TAILROOM_BYTES } from './batch/format.js'
export { WriteBatch } from './batch/write-batch.js'
export type { WriteBatchOptions } from './batch/write-batch.js'
export { BatchReader } from './batch/reader.js'
export { decodeBatch } from './batch/decode-batch.js'
export { OperationKind } from './batch/section.js'
export type { BatchOrigin, BatchSection, KeyspaceSection } from './batch/section.js'

// Queues
export { Fifo } from './fifo.js'

// Leaks
export { afterCollection } from './leaks/after-collection.js'
export type { AfterCollection, CollectionTask } from './leaks/after-collection.js'
export { LeakDetector } from './leaks/leak-detector.js'

// The contracts of stores
export type {
  CompactionRequest,
  KeyRenewal,
  KeyBounds,
  OrderedStore,
  RangeEstimate,
  StoreCursor,
  StoreSnapshot,
  StoreLevelStats,
  StoreStats,
  ValuePredicate,
} from './ordered-store.js'
export type { SalvageDoubt, SalvageLoss, SalvageSink } from './salvage/salvage-sink.js'
export type { HeldCheckpoint, HeldFile } from './held-checkpoint.js'
export type {
  StoreVerifyOptions,
  VerifyAmount,
  VerifyFinding,
  VerifyLevel,
  VerifyLevelsShape,
  VerifyLocation,
  VerifyProgress,
  VerifySeverity,
  VerifyShape,
  VerifySink,
  VerifySteps,
  VerifyTreeShape,
  VerifyUnitKind,
} from './verification.js'
export { runVerifySteps } from './verification.js'
export type { StoreLoad } from './store-load.js'
export type { BackgroundWork, StoreObserver } from './store-observer.js'
export { NO_SEGMENT_ID, SEGMENT_ID_BYTES } from './store-log.js'
export type { StoreLog } from './store-log.js'
export { ResumableTask } from './resumable-task.js'
export type { SyncPoll, TaskSteps, Syncable } from './resumable-task.js'
