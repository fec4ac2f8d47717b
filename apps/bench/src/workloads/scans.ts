import { requireMethods } from '../model/workload.js'
import type { WorkloadContext, Workload } from '../model/workload.js'
import type { Round } from '../model/round.js'

/** Reads key and value of all entries by the fastest method; an operation is one entry. */
export const scanAll: Workload = {
  unsupportedReason: requireMethods('scan'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    let operations = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      const result = context.store.scan!()
      const count = typeof result === 'number' ? result : await result
      if (count < context.data.entryCount) throw new Error(`a scan found ${count} entries`)
      operations += count
    }
    return { operations, elapsedMs: now - start }
  },
}

/** Reads key and value of all entries by the usual method; an operation is one entry. */
export const entriesAll: Workload = {
  unsupportedReason: requireMethods('entries'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    let operations = 0
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      const result = context.store.entries!()
      const count = typeof result === 'number' ? result : await result
      if (count < context.data.entryCount) throw new Error(`a scan found ${count} entries`)
      operations += count
    }
    return { operations, elapsedMs: now - start }
  },
}
