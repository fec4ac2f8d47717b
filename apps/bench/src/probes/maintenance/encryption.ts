import { Database } from '@ldb/core'
import type { DatabaseOptions } from '@ldb/core'
import type { Finding, Probe } from '../../model/probe.js'

const ENTRIES = { tiny: 10_000, quick: 60_000, normal: 120_000, full: 300_000 }
const ROUNDS = { tiny: 1, quick: 3, normal: 5, full: 9 }
const VALUE = 'v'.repeat(100)
/** Bytes of an entry in the tree, about. */
const ENTRY_BYTES = 130
const PUTS = 20_000
const KEY_FACTOR = 0x9e37_79b1
const KEY = new Uint8Array(32).fill(7)

/** Processor time of one operation, by the name of the measurement. */
type Costs = ReadonlyMap<string, number>

/**
 * What encryption costs: processor time with it divided by that without it, both measured in turn in one process. Data of ten times the
 * cache, and data within the cache.
 */
export const encryption: Probe = {
  id: 'encryption',
  title: 'Processor time with encryption ÷ without it, at ten times the cache and within it',
  run(effort, dir): Promise<Finding[]> {
    const entryCount = ENTRIES[effort]
    const ratios = new Map<string, number[]>()
    // The first pair also pays for the compilation of the code.
    for (let round = 0; round <= ROUNDS[effort]; round++) {
      const plain = measure(`${dir}/plain-${round}`, entryCount, {})
      const encrypted = measure(`${dir}/encrypted-${round}`, entryCount, { encryption: { key: KEY } })
      if (round === 0) continue
      for (const [name, cost] of encrypted) {
        const ratio = cost / (plain.get(name) ?? Number.NaN)
        ratios.set(name, [...(ratios.get(name) ?? []), ratio])
      }
    }
    return Promise.resolve(
      [...ratios].map(([name, values]) => ({ name, value: medianOf(values), unit: 'x' as const })),
    )
  },
}

function measure(path: string, entryCount: number, options: DatabaseOptions): Costs {
  const costs = new Map<string, number>()
  const small = Math.max(65_536 * 4, Math.floor((entryCount * ENTRY_BYTES) / 10))
  const db = Database.open(path, { ...options, cacheBytes: small, durability: 'none' })
  const keyOf = (index: number): string => `key${Math.imul(index, KEY_FACTOR) >>> 0}`
  costs.set(
    'fill at random, 10x the cache',
    cpuUs(entryCount, () => {
      for (let index = 0; index < entryCount; index += 100) {
        const batch = db.batch()
        for (let each = index; each < index + 100; each++) batch.put(keyOf(each), VALUE)
        batch.commit()
      }
      db.checkpoint()
    }),
  )
  const gets = Math.floor(entryCount / 2)
  costs.set(
    'get at random, 10x the cache',
    cpuUs(gets, () => {
      for (let index = 0; index < gets; index++) db.get(keyOf(Math.imul(index, 40_503) % entryCount))
    }),
  )
  costs.set(
    'scan, 10x the cache',
    cpuUs(entryCount, () => {
      const cursor = db.cursor()
      for (let more = cursor.first(); more; more = cursor.next());
      cursor.close()
    }),
  )
  costs.set('put at periodic', putUs(db, 'periodic'))
  costs.set('put at none', putUs(db, 'none'))
  db.close()
  const cached = Database.open(path, { ...options, cacheBytes: 64 * 2 ** 20 })
  for (let index = 0; index < 5000; index++) cached.get(keyOf(index))
  costs.set(
    'get of cached entries',
    cpuUs(200_000, () => {
      for (let index = 0; index < 200_000; index++) cached.get(keyOf(index % 5000))
    }),
  )
  cached.close()
  Database.destroy(path)
  return costs
}

function putUs(db: Database, durability: 'periodic' | 'none'): number {
  return cpuUs(PUTS, () => {
    for (let index = 0; index < PUTS; index++) db.put(`put${index % 1000}`, VALUE, { durability })
    db.sync()
  })
}

/** Returns the processor time of one operation. */
function cpuUs(count: number, operations: () => void): number {
  const start = process.cpuUsage()
  operations()
  const { user, system } = process.cpuUsage(start)
  return (user + system) / count
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
