// A worker thread that is terminated. Its ledger is shared memory, which outlives it.
import { workerData } from 'node:worker_threads'
import type { KillOrder } from './kill-plan.js'

// Before anything of LDB is loaded: costly checks on.
Object.assign(globalThis, { LDB_INVARIANTS: true })
const { work } = await import('./kill-work.js')

const { order, ledger } = workerData as { readonly order: KillOrder; readonly ledger: Int32Array }
work(order, {
  opening: () => undefined,
  opened: () => undefined,
  intent: () => {
    Atomics.add(ledger, 0, 1)
  },
  acknowledge: () => {
    Atomics.add(ledger, 1, 1)
  },
})
