import type { ClusterDriver } from '@ldb/cluster'

/**
 * Opens a driver of the cluster under test. The kit calls it several times, for independent clients of the same cluster, and closes what it returned.
 *
 * @category Conformance
 */
export type OpenDriver = () => ClusterDriver | Promise<ClusterDriver>

/** Options of the kit. @category Conformance */
export interface ConformanceOptions {
  /** Seed of the random cases. @defaultValue 1 */
  readonly seed?: number | undefined
  /** Multiplies the number of operations of the random and concurrent cases: below 1 for a short run, 10 and more for a long one. @defaultValue 1 */
  readonly scale?: number | undefined
}

/**
 * One case: resolves when the driver conforms, and rejects with an error that describes the difference otherwise.
 *
 * @remarks Cases are independent, run in any order, and leave no keyspace behind. Names of keyspaces are random, so that several runs may share a cluster.
 * @category Conformance
 */
export interface ConformanceCase {
  readonly name: string
  readonly run: () => Promise<void>
}
