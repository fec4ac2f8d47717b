import type { Round } from '../model/round.js'
import { SampledLatency } from '../measure/sampled-latency.js'
import { requireMethods } from '../model/workload.js'
import type { WorkloadContext, Workload } from '../model/workload.js'

const CALLERS = 64

/** Increments one counter from 64 concurrent callers, each in a transaction of its own. A failed transaction fails the row. */
export const incrementByMany: Workload = {
  unsupportedReason: (store, persistent) =>
    persistent ? requireMethods('increment')(store, persistent) : 'does not write to a device',
  async run({ store, data }: WorkloadContext, budgetMs: number): Promise<Round> {
    const key = data.copyKey(0)
    const latency = new SampledLatency()
    let operations = 0
    const start = performance.now()
    const deadline = start + budgetMs
    const incrementRepeatedly = async (): Promise<void> => {
      for (let before = start; before < deadline;) {
        await store.increment!(key)
        operations++
        const now = performance.now()
        latency.add(now - before)
        before = now
      }
    }
    await Promise.all(Array.from({ length: CALLERS }, incrementRepeatedly))
    return { operations, elapsedMs: performance.now() - start, ...latency.result }
  },
}
