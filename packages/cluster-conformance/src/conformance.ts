import { invalidArgument, ownOptions } from '@ldb/base'
import type { ConformanceCase, ConformanceOptions, OpenDriver } from './conformance-case.js'
import { TestBed } from './bed/test-bed.js'
import { COMMIT_CASES } from './cases/commit-cases.js'
import { ISOLATION_CASES } from './cases/isolation-cases.js'
import { KEYSPACE_CASES } from './cases/keyspace-cases.js'
import { MODEL_CASES } from './cases/model-cases.js'
import type { NamedCase, ResolvedConformanceOptions } from './cases/named-case.js'
import { READ_CASES } from './cases/read-cases.js'
import { WATCH_CASES } from './cases/watch-cases.js'
import { WORKLOAD_CASES } from './workload/workload-cases.js'

const GROUPS: readonly (readonly [group: string, cases: readonly NamedCase[]])[] = [
  ['keyspaces', KEYSPACE_CASES],
  ['reads', READ_CASES],
  ['commits', COMMIT_CASES],
  ['isolation', ISOLATION_CASES],
  ['watch', WATCH_CASES],
  ['model', MODEL_CASES],
  ['workloads', WORKLOAD_CASES],
]

/** What became of a case. @category Conformance */
export interface ConformanceResult {
  readonly name: string
  /** `'skipped'`: the driver states that it lacks what the case needs. */
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** What the case has rejected with. */
  readonly error: unknown
}

/**
 * Returns the cases of the kit for a driver, to register them with any test runner.
 *
 * @param open - opens a client; called several times by each case.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT.
 * @example
 * ```ts
 * import { MemoryCluster, memoryDriver } from '@ldb/cluster'
 * import { conformanceCases } from '@ldb/cluster-conformance'
 *
 * const cluster = new MemoryCluster()
 * const [first] = conformanceCases(() => memoryDriver({ cluster }))
 * await first?.run() // in a test runner: for (const { name, run } of cases) test(name, run)
 * ```
 * @category Conformance
 */
export function conformanceCases(open: OpenDriver, options?: ConformanceOptions): ConformanceCase[] {
  return casesFor(open, options).map(({ name, run }) => ({
    name,
    run: async () => {
      await run()
    },
  }))
}

/**
 * Runs all cases one after the other, and returns what became of each.
 *
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT.
 * @category Conformance
 */
export async function runConformance(
  open: OpenDriver,
  options?: ConformanceOptions,
): Promise<ConformanceResult[]> {
  const results: ConformanceResult[] = []
  for (const { name, run } of casesFor(open, options)) {
    try {
      results.push({ name, outcome: (await run()) ? 'passed' : 'skipped', error: undefined })
    } catch (error) {
      results.push({ name, outcome: 'failed', error })
    }
  }
  return results
}

interface BoundCase {
  readonly name: string
  /** Resolves with false when the driver lacks what the case needs. */
  readonly run: () => Promise<boolean>
}

function casesFor(open: OpenDriver, options: ConformanceOptions | undefined): BoundCase[] {
  if (typeof open !== 'function') throw invalidArgument('the kit needs a function that opens a driver')
  const resolved = resolveOptions(options)
  return GROUPS.flatMap(([group, cases]) =>
    cases.map(({ name, needsWatch, run }) => ({
      name: `${group}: ${name}`,
      run: async () => {
        let isRun = true
        await TestBed.run(open, async (bed) => {
          isRun = needsWatch !== true || (await bed.driver()).capabilities.watch
          if (isRun) await run(bed, resolved)
        })
        return isRun
      },
    })),
  )
}

function resolveOptions(options: ConformanceOptions | undefined): ResolvedConformanceOptions {
  const { seed = 1, scale = 1 } = ownOptions(options, ['seed', 'scale'] as const)
  if (typeof seed !== 'number' || !Number.isInteger(seed))
    throw invalidArgument('seed must be a whole number')
  if (typeof scale !== 'number' || !(scale > 0)) throw invalidArgument('scale must be a number above 0')
  return { seed, scale }
}
