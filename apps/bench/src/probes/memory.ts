import type { Finding, Probe } from '../model/probe.js'
import { dataOf, load, openDatabase } from './loading.js'

const MEBIBYTE = 2 ** 20
const BUDGETS = { tiny: [1], quick: [8, 32], normal: [8, 64], full: [8, 64, 256] }
const TIMES_BUDGET = 4
const READS = { tiny: 1000, quick: 100_000, normal: 100_000, full: 100_000 }
/** Memory beside the cache: log buffers, heap, code. */
const OVERHEAD_BYTES = 96 * MEBIBYTE

/** Resident memory against the cache budget, with four times as much data. */
export const memory: Probe = {
  id: 'growth-memory',
  title: 'Resident memory against the cache budget',
  async run(effort, dir): Promise<Finding[]> {
    const findings: Finding[] = []
    // A first pass is not measured: it compiles the code and grows the heap.
    await residentBytes(MEBIBYTE, `${dir}/before`, READS[effort])
    for (const budget of BUDGETS[effort]) {
      const bytes = await residentBytes(budget * MEBIBYTE, `${dir}/${budget}`, READS[effort])
      findings.push({
        name: `with a cache of ${budget} MiB`,
        value: bytes / MEBIBYTE,
        unit: 'MiB',
        atMost: budget + OVERHEAD_BYTES / MEBIBYTE,
      })
    }
    return findings
  },
}

async function residentBytes(budget: number, dir: string, reads: number): Promise<number> {
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  const data = dataOf(budget * TIMES_BUDGET)
  const { db, entries } = openDatabase(dir, budget)
  load({ db, entries, data })
  for (let i = 0; i < reads; i++) {
    const index = Math.floor(Math.random() * data.entryCount)
    data.verifyValue(index, entries.get(data.keys.of(index) as Uint8Array))
  }
  const after = process.memoryUsage.rss()
  db.close()
  return after - before
}
