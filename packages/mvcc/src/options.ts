import { afterCollection, BATCH_BYTES_MAX, invalidArgument, ownOptions } from '@ldb/base'
import type { AfterCollection } from '@ldb/base'
import type { TransactionStore } from './read/store-state.js'
import type { PreparedCommit } from './transaction/prepared-commit.js'

/** The isolation level of a transaction. @category Transactions */
export type Isolation = 'snapshot' | 'serializable'

/** Options of a transaction. @category Transactions */
export interface TransactionOptions {
  /**
   * `'snapshot'`: snapshot isolation; the commit fails on a write-write conflict. `'serializable'`: the read set is checked,
   * too.
   *
   * @defaultValue `'serializable'`
   */
  readonly isolation?: Isolation | undefined
  /** A read-only transaction keeps no read set and never conflicts. @defaultValue false */
  readonly readOnly?: boolean | undefined
}

/** A transaction or snapshot that was garbage-collected before it ended. @category Transactions */
export interface LeakedView {
  /** The newest commit that it saw. */
  readonly seq: number
  /** Time since its read view was opened, in milliseconds. */
  readonly ageMs: number
  readonly kind: 'transaction' | 'snapshot'
  /** The result of the option `openStack` when it was opened. */
  readonly stack: string | undefined
}

/** Options of a {@link TransactionManager}. @category Transactions */
export interface TransactionManagerOptions {
  /** The stores, by the keyspace id that batches use. Copied. */
  readonly stores: Iterable<readonly [keyspaceId: number, store: TransactionStore]>
  /** The newest commit in the stores. @defaultValue the greatest `seq` of the stores */
  readonly seq?: number | undefined
  /**
   * Executes a commit: assigns its seq, calls `noteCommit`, applies it to the stores, calls `noteVisible`.
   *
   * @defaultValue applies the commit to the stores, without a log
   */
  readonly commit?: ((prepared: PreparedCommit) => void) | undefined
  /** Limit of the write set of a transaction, in bytes (M24). Increase for bulk loads. @defaultValue 256 MiB */
  readonly bufferBytes?: number | undefined
  /** Limit of the read set of a transaction, in bytes (M25). @defaultValue 16 MiB */
  readonly readBytes?: number | undefined
  /**
   * Limit of the retained write sets of past commits, in bytes (M26). Increase for long-running transactions.
   * @defaultValue 64 MiB
   */
  readonly recentBytes?: number | undefined
  /** Monotonic clock in milliseconds, for the ages in `stats()`. @defaultValue none: every age is 0 */
  readonly monotonicMs?: (() => number) | undefined
  /** Called for each leaked transaction or snapshot, at any time after its garbage collection. @defaultValue nothing */
  readonly onLeak?: ((leak: LeakedView) => void) | undefined
  /** Returns the stack of the caller, for reports of leaks. Called for each transaction and snapshot. @defaultValue no stack */
  readonly openStack?: (() => string | undefined) | undefined
  /**
   * Reports garbage collections, by which leaks are detected (M22); false to detect none.
   * @defaultValue a `FinalizationRegistry`, where the engine has it
   */
  readonly afterCollection?: AfterCollection | false | undefined
  /** Runs a task in the next turn of the event loop; leaks are watched for from then on. @defaultValue runs it in a microtask */
  readonly schedule?: ((task: () => void) => void) | undefined
}

/** Validated options with defaults applied. */
export interface ResolvedManagerOptions {
  readonly bufferBytes: number
  readonly readBytes: number
  readonly recentBytes: number
  readonly monotonicMs: () => number
  readonly onLeak: (leak: LeakedView) => void
  readonly openStack: () => string | undefined
  readonly afterCollection: AfterCollection | undefined
  readonly schedule: ((task: () => void) => void) | undefined
}

const MIB = 1_048_576
const KNOWN = [
  'stores',
  'seq',
  'commit',
  'bufferBytes',
  'readBytes',
  'recentBytes',
  'monotonicMs',
  'onLeak',
  'openStack',
  'afterCollection',
  'schedule',
] as const
const KNOWN_OF_TRANSACTION = ['isolation', 'readOnly'] as const

/** Reads options as own properties. @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function ownManagerOptions(options: TransactionManagerOptions): TransactionManagerOptions {
  return ownOptions(options, KNOWN) as unknown as TransactionManagerOptions
}

/**
 * Checks options and fills in the defaults.
 *
 * @param options - of {@link ownManagerOptions}.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT.
 */
export function resolveManagerOptions(options: TransactionManagerOptions): ResolvedManagerOptions {
  return Object.freeze({
    bufferBytes: byteCount('bufferBytes', options.bufferBytes, 256 * MIB),
    readBytes: byteCount('readBytes', options.readBytes, 16 * MIB),
    recentBytes: byteCount('recentBytes', options.recentBytes, 64 * MIB),
    monotonicMs: options.monotonicMs ?? noClock,
    onLeak: options.onLeak ?? ignoreLeak,
    openStack: options.openStack ?? noStack,
    afterCollection:
      options.afterCollection === false ? undefined : (options.afterCollection ?? afterCollection),
    schedule: options.schedule,
  })
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveTransactionOptions(options?: TransactionOptions): {
  readonly isolation: Isolation
  readonly readOnly: boolean
} {
  const { isolation = 'serializable', readOnly = false } = ownOptions(options, KNOWN_OF_TRANSACTION)
  if (isolation !== 'snapshot' && isolation !== 'serializable') {
    throw invalidArgument("isolation must be 'snapshot' or 'serializable'")
  }
  if (typeof readOnly !== 'boolean') throw invalidArgument('readOnly must be true or false')
  return { isolation, readOnly }
}

function byteCount(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback
  if (Number.isInteger(value) && value >= 1_024 && value <= BATCH_BYTES_MAX) return value
  throw invalidArgument(`${name} must be an integer from 1024 to ${BATCH_BYTES_MAX}`)
}

function noClock(): number {
  return 0
}

function noStack(): undefined {
  return undefined
}

function ignoreLeak(): void {
  // No `onLeak` was given.
}
