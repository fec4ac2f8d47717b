// A worker thread that is terminated. Its ledger is in shared memory, which survives the thread.
import { workerData } from 'node:worker_threads'
import type { ChildTask } from './kill-plan.js'

// Enable the costly invariant checks before any module of LDB is loaded.
Object.assign(globalThis, { LDB_INVARIANTS: true })
const { work } = await import('./kill-work.js')

const { task, ledger } = workerData as { readonly task: ChildTask; readonly ledger: Int32Array }
work(task, {
  opening: () => undefined,
  opened: () => undefined,
  intent: () => {
    Atomics.add(ledger, 0, 1)
  },
  acknowledge: () => {
    Atomics.add(ledger, 1, 1)
  },
})
