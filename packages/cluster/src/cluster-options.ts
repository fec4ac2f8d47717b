import { invalidArgument, ownOptions } from '@ldb/base'
import type { CallTimes } from './calls/session.js'
import type { ClusterDriver } from './driver/driver.js'

/** Options of `ClusterDatabase.open`. @category Cluster */
export interface ClusterOptions {
  /**
   * Time in milliseconds that one call to the engine may take. A frozen server costs this much before another one is tried.
   * @defaultValue 2000
   */
  readonly timeoutMs?: number | undefined
  /**
   * Time in milliseconds that one operation may take with all its attempts. Then it rejects with the last failure; after an unanswered commit, at most as
   * much again is spent on its outcome.
   * @defaultValue 10000
   */
  readonly deadlineMs?: number | undefined
  /**
   * `'portable'`: keys, values and transactions are within limits that every supported engine has, so that the data can move. `'engine'`: those of the
   * driver alone.
   * @defaultValue 'portable'
   */
  readonly limits?: 'portable' | 'engine' | undefined
  /** Returns the wall clock in milliseconds since 1970, for expiries. Default: that of the host. */
  readonly now?: (() => number) | undefined
}

/** Checked {@link ClusterOptions}. */
export interface ResolvedClusterOptions {
  readonly times: CallTimes
  readonly isPortable: boolean
  readonly now: (() => number) | undefined
}

const KNOWN = ['timeoutMs', 'deadlineMs', 'limits', 'now'] as const

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT. */
export function resolveClusterOptions(options: ClusterOptions | undefined): ResolvedClusterOptions {
  const { timeoutMs, deadlineMs, limits = 'portable', now } = ownOptions(options, KNOWN)
  if (limits !== 'portable' && limits !== 'engine')
    throw invalidArgument("limits must be 'portable' or 'engine'")
  if (now !== undefined && typeof now !== 'function') throw invalidArgument('now must be a function')
  return {
    times: {
      timeoutMs: milliseconds('timeoutMs', timeoutMs, 2_000),
      deadlineMs: milliseconds('deadlineMs', deadlineMs, 10_000),
    },
    isPortable: limits === 'portable',
    now: now as (() => number) | undefined,
  }
}

const DRIVER_METHODS = [
  'keyspaces',
  'openKeyspace',
  'createKeyspace',
  'dropKeyspace',
  'begin',
  'resolve',
  'watch',
  'compareVersions',
  'close',
] as const

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it has the methods of a driver. */
export function checkDriver(driver: unknown): ClusterDriver {
  const isObject = typeof driver === 'object' && driver !== null
  const has = (name: string): boolean =>
    typeof (driver as { readonly [_ in string]?: unknown })[name] === 'function'
  if (isObject && DRIVER_METHODS.every(has)) return driver as ClusterDriver
  throw invalidArgument('a cluster database needs a driver, such as memoryDriver()')
}

function milliseconds(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && Number.isFinite(value) && value >= 1) return value
  throw invalidArgument(`${name} must be a number of milliseconds from 1 on`)
}
