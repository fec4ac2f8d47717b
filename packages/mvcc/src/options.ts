import { BATCH_BYTES_MAX, invalidArgument } from '@ldb/base'
import type { TransactionStore } from './read/open-views.js'
import type { PreparedCommit } from './transaction/prepared-commit.js'

/** Which commits a transaction conflicts with. @category Transactions */
export type Isolation = 'snapshot' | 'serializable'

/** How to begin a transaction. @category Transactions */
export interface TransactionOptions {
  /**
   * `'snapshot'`: what it writes has not been changed meanwhile. `'serializable'`: nor has what it has read.
   *
   * @defaultValue `'serializable'`
   */
  readonly isolation?: Isolation | undefined
  /** It only reads, keeps no account of it, and never conflicts. @defaultValue false */
  readonly readOnly?: boolean | undefined
}

/** A transaction or snapshot that nobody refers to any more, and that was never ended. @category Transactions */
export interface LeakedView {
  /** The commit that it saw. */
  readonly seq: number
  /** How long it was open, in milliseconds. */
  readonly ageMs: number
  readonly kind: 'transaction' | 'snapshot'
}

/** Options of a {@link TransactionManager}. @category Transactions */
export interface TransactionManagerOptions {
  /** The stores, by the number that batches know them by. The map is copied. */
  readonly stores: Iterable<readonly [keyspaceId: number, store: TransactionStore]>
  /** The newest commit that the stores show. @defaultValue the greatest `seq` of the stores */
  readonly seq?: number | undefined
  /**
   * Makes a commit: numbers it, calls `noteCommit`, applies it, calls `noteVisible`.
   *
   * @defaultValue applies it to the stores, without a log
   */
  readonly commit?: ((prepared: PreparedCommit) => void) | undefined
  /** What one transaction may write, in bytes (M24). More is for bulk loads. @defaultValue 256 MiB */
  readonly bufferBytes?: number | undefined
  /** What one transaction may note of its reads, in bytes (M25). @defaultValue 16 MiB */
  readonly readBytes?: number | undefined
  /** What may be kept of past commits, in bytes (M26). More is for transactions that stay open long. @defaultValue 64 MiB */
  readonly recentBytes?: number | undefined
  /** Milliseconds from some fixed moment, for ages in `stats()`. @defaultValue none: every age is 0 */
  readonly monotonicMs?: (() => number) | undefined
  /** Called for each view that was found abandoned, at any time. @defaultValue nothing */
  readonly onLeak?: ((abandoned: LeakedView) => void) | undefined
}

/** What options come to. */
export interface ResolvedManagerOptions {
  readonly bufferBytes: number
  readonly readBytes: number
  readonly recentBytes: number
  readonly monotonicMs: () => number
  readonly onLeak: (abandoned: LeakedView) => void
}

const MIB = 1_048_576

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveManagerOptions(options: TransactionManagerOptions): ResolvedManagerOptions {
  return Object.freeze({
    bufferBytes: byteCount('bufferBytes', options.bufferBytes, 256 * MIB),
    readBytes: byteCount('readBytes', options.readBytes, 16 * MIB),
    recentBytes: byteCount('recentBytes', options.recentBytes, 64 * MIB),
    monotonicMs: options.monotonicMs ?? noClock,
    onLeak: options.onLeak ?? nobodyAsks,
  })
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveTransactionOptions(options: TransactionOptions = {}): {
  readonly isolation: Isolation
  readonly readOnly: boolean
} {
  const { isolation = 'serializable', readOnly = false } = options
  if (isolation !== 'snapshot' && isolation !== 'serializable') {
    throw invalidArgument("isolation must be 'snapshot' or 'serializable'")
  }
  if (typeof readOnly !== 'boolean') throw invalidArgument('readOnly must be true or false')
  return { isolation, readOnly }
}

function byteCount(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback
  if (Number.isInteger(value) && value >= 1_024 && value <= BATCH_BYTES_MAX) return value
  throw invalidArgument(`${name} must be a whole number from 1024 to ${BATCH_BYTES_MAX}`)
}

function noClock(): number {
  return 0
}

function nobodyAsks(): void {
  // Whoever wants to know gives `onLeak`.
}
