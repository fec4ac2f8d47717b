import type { Key } from '../data/keys.js'
import { PICK_MASK } from '../data/random-picks.js'
import { requireMethods } from '../model/workload.js'
import type { WorkloadContext, Workload } from '../model/workload.js'
import type { Round } from '../model/round.js'

const KEYS_A_CALL = 128
/** A range near the end has fewer entries. */
const FEWEST_ENTRIES = 1

/** Gets 128 entries per call, in random order; an operation is one entry. */
export const getMany: Workload = {
  unsupportedReason: requireMethods('getMany'),
  async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
    const { store, data } = context
    const { uniform } = data
    const batch: Key[] = []
    let operations = 0
    let pick = context.pickIndex
    const start = performance.now()
    let now = start
    for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
      batch.length = 0
      for (let i = 0; i < KEYS_A_CALL; i++) batch.push(data.copyKey(uniform[(pick + i) & PICK_MASK]!))
      const result = store.getMany!(batch)
      const values = result instanceof Promise ? await result : result
      if (values.length !== KEYS_A_CALL || values[KEYS_A_CALL - 1] === undefined)
        throw new Error('an entry is missing')
      pick += KEYS_A_CALL
      operations += KEYS_A_CALL
    }
    context.pickIndex = pick & PICK_MASK
    return { operations, elapsedMs: now - start }
  },
}

/** Reads ten entries from a random key; an operation is one range. */
export const rangeOf10: Workload = rangesOf(10)

/** Reads a hundred entries from a random key; an operation is one range. */
export const rangeOf100: Workload = rangesOf(100)

function rangesOf(entryCount: number): Workload {
  return {
    unsupportedReason: requireMethods('range'),
    async run(context: WorkloadContext, budgetMs: number): Promise<Round> {
      const { store, data } = context
      const { keys, uniform } = data
      let operations = 0
      let pick = context.pickIndex
      const start = performance.now()
      let now = start
      for (const deadline = start + budgetMs; now < deadline; now = performance.now()) {
        const result = store.range!(keys.of(uniform[pick & PICK_MASK]!), entryCount)
        const count = typeof result === 'number' ? result : await result
        if (count < FEWEST_ENTRIES || count > entryCount) throw new Error(`a range of ${count} entries`)
        pick++
        operations++
      }
      context.pickIndex = pick & PICK_MASK
      return { operations, elapsedMs: now - start }
    },
  }
}
