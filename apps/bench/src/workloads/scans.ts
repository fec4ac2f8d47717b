import { needs } from '../run/workload.js'
import type { Bench, Workload } from '../run/workload.js'
import type { Round } from '../run/round.js'

/** Reads key and value of all entries by the fastest means; an operation is one entry. */
export const scanAll: Workload = {
  lacks: needs('scan'),
  async run(bench: Bench, budgetMs: number): Promise<Round> {
    let operations = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      const given = bench.store.scan!()
      const count = typeof given === 'number' ? given : await given
      if (count < bench.data.entryCount) throw new Error(`a scan found ${count} entries`)
      operations += count
    }
    return { operations, elapsedMs: now - start }
  },
}

/** Reads key and value of all entries the ordinary way; an operation is one entry. */
export const entriesAll: Workload = {
  lacks: needs('entries'),
  async run(bench: Bench, budgetMs: number): Promise<Round> {
    let operations = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      const given = bench.store.entries!()
      const count = typeof given === 'number' ? given : await given
      if (count < bench.data.entryCount) throw new Error(`a scan found ${count} entries`)
      operations += count
    }
    return { operations, elapsedMs: now - start }
  },
}
