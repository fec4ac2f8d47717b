import { MemoryCluster, memoryDriver } from '@ldb/cluster'
import type { ChooseFault, ClusterDriver, DriverTransaction, MemoryFault } from '@ldb/cluster'
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../src/bed/seeded-random.js'
import { conformanceCases, runConformance, runFailureWorkload } from '../src/index.js'

const FAULTS: readonly MemoryFault[] = [
  'unavailable',
  'conflict',
  'unknownApplied',
  'unknownNotApplied',
  'unknownLate',
]

/** Injects each fault into one call in twenty. */
function randomFaults(seed: number): {
  readonly faults: ChooseFault
  readonly counts: Map<MemoryFault, number>
} {
  const random = new SeededRandom(seed)
  const counts = new Map<MemoryFault, number>()
  const faults: ChooseFault = (call) => {
    calls++
    if (call === 'catalog' || !random.chance(0.05)) return undefined
    const fault = random.pick(FAULTS)
    if (call === 'commit') counts.set(fault, (counts.get(fault) ?? 0) + 1)
    return fault
  }
  return { faults, counts }
}

/** Returns a driver whose transactions and other methods are replaced in part. */
function altered(
  driver: ClusterDriver,
  changes: Partial<ClusterDriver>,
  alterTransaction: (transaction: DriverTransaction) => Partial<DriverTransaction> = () => ({}),
): ClusterDriver {
  const bind = <T extends object>(target: T, own: Partial<T>): T =>
    new Proxy(target, {
      get(object, name) {
        if (Object.hasOwn(own, name)) return own[name as keyof T]
        const value: unknown = Reflect.get(object, name, object)
        return typeof value === 'function' ? value.bind(object) : value
      },
    })
  return bind(driver, {
    begin: (request) => {
      const transaction = driver.begin(request)
      return bind(transaction, alterTransaction(transaction))
    },
    ...changes,
  })
}

/** Calls of all drivers of a test. */
let calls = 0

/** Ends after 1,500 calls, whatever the speed of the machine. */
async function disturb(): Promise<void> {
  const end = calls + 1_500
  while (calls < end) await new Promise((resolve) => setTimeout(resolve, 1))
}

async function failuresOf(
  alter: (driver: ClusterDriver) => ClusterDriver,
): Promise<{ readonly [_ in string]: number }> {
  const cluster = new MemoryCluster({ lateCalls: 200 })
  let seed = 1
  const open = (): ClusterDriver => alter(memoryDriver({ cluster, faults: randomFaults(seed++).faults }))
  const report = await runFailureWorkload(open, { disturb })
  const { lost, doubled, reordered, isolationViolations, missedChanges, repeatedChanges } = report
  return { lost, doubled, reordered, isolationViolations, missedChanges, repeatedChanges }
}

const NOTHING = {
  lost: 0,
  doubled: 0,
  reordered: 0,
  isolationViolations: 0,
  missedChanges: 0,
  repeatedChanges: 0,
}

describe('the failure workload', () => {
  test('finds nothing in the memory driver, whatever faults are injected', async () => {
    const cluster = new MemoryCluster()
    const all = Array.from({ length: 8 }, (_, index) => randomFaults(index + 1))
    let opened = 0
    const open = (): ClusterDriver => memoryDriver({ cluster, faults: all[opened++ % all.length]!.faults })
    const report = await runFailureWorkload(open, { disturb })
    expect(report).toMatchObject({ ...NOTHING, findings: [] })
    expect(report.acknowledged).toBeGreaterThan(100)
    expect(report.checkedTransactions).toBeGreaterThan(50)
    for (const fault of FAULTS)
      expect(
        all.reduce((sum, { counts }) => sum + (counts.get(fault) ?? 0), 0),
        fault,
      ).toBeGreaterThan(0)
  })

  test('finds commits that are applied after they were resolved as not applied', async () => {
    const found = await failuresOf((driver) => altered(driver, { resolve: async () => 'notApplied' }))
    expect(found['doubled']! + found['reordered']! + found['isolationViolations']!).toBeGreaterThan(0)
  })

  test('finds acknowledged commits that are lost', async () => {
    const random = new SeededRandom(1)
    const found = await failuresOf((driver) =>
      altered(driver, {}, (transaction) => ({
        commit: async (request, options) =>
          random.chance(0.02) ? { version: undefined } : transaction.commit(request, options),
      })),
    )
    expect(found['lost']).toBeGreaterThan(0)
  })

  test('finds transactions whose reads are not validated', async () => {
    const found = await failuresOf((driver) =>
      altered(driver, {}, (transaction) => ({
        commit: (request, options) =>
          transaction.commit({ ...request, readKeys: [], readRanges: [] }, options),
      })),
    )
    expect(found['isolationViolations']! + found['lost']!).toBeGreaterThan(0)
  })

  test('finds changes that a watch leaves out or repeats', async () => {
    const watching = (count: (index: number) => number) => (driver: ClusterDriver) =>
      altered(driver, {
        watch: (request) => {
          const watch = driver.watch(request)
          const queue: Awaited<ReturnType<typeof watch.next>>[] = []
          let index = 0
          return {
            next: async () => {
              while (queue.length === 0) {
                const commit = await watch.next()
                if (commit === undefined) return undefined
                for (let left = count(index++); left > 0; left--) queue.push(commit)
              }
              return queue.shift()
            },
            close: () => watch.close(),
          }
        },
      })
    expect(
      (await failuresOf(watching((index) => (index % 50 === 9 ? 2 : 1))))['repeatedChanges'],
    ).toBeGreaterThan(0)
  })
})

describe('the cases', () => {
  test('find a driver that reads the newest state instead of its snapshot', async () => {
    const cluster = new MemoryCluster()
    const open = (): ClusterDriver => {
      const driver = memoryDriver({ cluster })
      return altered(driver, {}, () => ({
        getMany: async (keys, options) => driver.begin(READ).getMany(keys, options),
        range: async (request, options) => driver.begin(READ).range(request, options),
      }))
    }
    const failed = (await runConformance(open, { scale: 0.1 })).filter(({ outcome }) => outcome === 'failed')
    const names = failed.map(({ name }) => name)
    expect(names).toContain('isolation: read skew: all reads are of one state')
    expect(names).toContain(
      'reads: a snapshot is fixed by pin or by the first read, and contains every acknowledged commit',
    )
  })

  test('find a driver that does not validate ranges', async () => {
    const cluster = new MemoryCluster()
    const open = (): ClusterDriver =>
      altered(memoryDriver({ cluster }), {}, (transaction) => ({
        commit: (request, options) => transaction.commit({ ...request, readRanges: [] }, options),
      }))
    const results = await runConformance(open, { scale: 0.1 })
    const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)
    expect(failed).toContain('isolation: conflict: a phantom insert into an empty range')
    expect(failed).toContain('isolation: conflict: a phantom delete in a range')
    expect(failed).not.toContain('isolation: write skew')
  })

  test('skip watches where the driver has none, and refuse wrong options', async () => {
    const cluster = new MemoryCluster()
    const open = (): ClusterDriver => memoryDriver({ cluster, capabilities: { watch: false } })
    const results = await runConformance(open, { scale: 0.05 })
    const skipped = results.filter(({ outcome }) => outcome === 'skipped')
    expect(skipped.every(({ name }) => name.startsWith('watch: '))).toBe(true)
    expect(skipped.length).toBeGreaterThan(0)
    expect(() => conformanceCases(open, { scale: 0 })).toThrow('scale')
  })
})

const READ = { mode: 'readOnly', isolation: 'snapshot', isSingleRead: true } as const
