import { Database } from '@ldb/core'
import type { ModelChange } from '../history/history.js'
import { KillPlan } from './kill-plan.js'
import type { ChildTask, KillStep } from './kill-plan.js'

/** Number of steps after which the child slows down. */
const EAGER_STEPS = 1500

/** Receives the messages of a child. Each call returns after the message has been delivered. */
export interface KillLedger {
  opening(): void
  opened(): void
  intent(): void
  acknowledge(): void
}

/** Performs a task until the process ends. */
export function work(task: ChildTask, ledger: KillLedger): void {
  ledger.opening()
  const worker = new KillWorker(task)
  ledger.opened()
  if (task.opensOnly) pause(60_000)
  const plan = new KillPlan(task)
  for (let index = 0; ; index++) {
    const step = plan.next()
    ledger.intent()
    if (task.end?.step === index) worker.end(task.end.method, step)
    worker.run(step)
    ledger.acknowledge()
    if (index > EAGER_STEPS) pause(5)
  }
}

class KillWorker {
  readonly #task: ChildTask
  #db: Database

  constructor(task: ChildTask) {
    this.#task = task
    this.#db = this.#open()
  }

  run(step: KillStep): void {
    const db = this.#db
    switch (step.kind) {
      case 'commit':
        this.#batch(step.changes).commit()
        return
      case 'create':
        db.keyspace(step.space ?? '')
        return
      case 'drop':
        db.dropKeyspace(step.space ?? '')
        return
      case 'sync':
      case 'checkpoint':
      case 'compact':
        db[step.kind]()
        return
      case 'reopen':
        db.close()
        this.#db = this.#open()
        return
    }
  }

  /** Ends the process with an unfinished batch, an open scan and an open snapshot. */
  end(method: 'exit' | 'throw' | 'heap', step: KillStep): void {
    const snapshot = this.#db.snapshot()
    const scan = this.#db.entries()
    scan.next()
    const batch = step.kind === 'commit' ? this.#batch(step.changes) : this.#db.batch()
    if (method === 'exit') process.exit(7)
    if (method === 'throw') throw new Error('thrown on purpose')
    const hog: unknown[] = [snapshot, scan, batch]
    for (;;) hog.push(new Array(1000).fill(hog.length).map(String))
  }

  #batch(changes: readonly ModelChange[]): ReturnType<Database['batch']> {
    const batch = this.#db.batch()
    for (const change of changes) {
      const target = change.space === 'default' ? batch : batch.in(this.#db.keyspace(change.space))
      if (change.kind === 'put') target.put(change.key, change.value)
      else if (change.kind === 'delete') target.delete(change.key)
      else if (change.upper === undefined) target.deleteRange({ gte: change.lower })
      else target.deleteRange({ gte: change.lower, lt: change.upper })
    }
    return batch
  }

  #open(): Database {
    const { path, durability } = this.#task
    return Database.open(path, { durability, syncIntervalMs: 5, cacheBytes: 262_144 })
  }
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
