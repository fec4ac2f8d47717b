import { Database } from '@ldb/core'
import type { ModelChange } from '../history/history.js'
import { KillPlan } from './kill-plan.js'
import type { KillOrder, KillStep } from './kill-plan.js'

/** Steps after which the work slows down: whoever watches has seen enough. */
const EAGER_STEPS = 1500

/** Where a child tells what it does. Each call has taken effect when it returns. */
export interface KillLedger {
  opening(): void
  opened(): void
  intent(): void
  acknowledge(): void
}

/** Does what an order says, until something ends it. */
export function work(order: KillOrder, ledger: KillLedger): void {
  ledger.opening()
  const worker = new KillWorker(order)
  ledger.opened()
  if (order.opensOnly) pause(60_000)
  const plan = new KillPlan(order)
  for (let index = 0; ; index++) {
    const step = plan.next()
    ledger.intent()
    if (order.end?.step === index) worker.end(order.end.way, step)
    worker.run(step)
    ledger.acknowledge()
    if (index > EAGER_STEPS) pause(5)
  }
}

class KillWorker {
  readonly #order: KillOrder
  #db: Database

  constructor(order: KillOrder) {
    this.#order = order
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

  /** Ends the process in the middle of work: with a batch begun, a scan and a snapshot open. */
  end(way: 'exit' | 'throw' | 'heap', step: KillStep): void {
    const snapshot = this.#db.snapshot()
    const scan = this.#db.entries()
    scan.next()
    const batch = step.kind === 'commit' ? this.#batch(step.changes) : this.#db.batch()
    if (way === 'exit') process.exit(7)
    if (way === 'throw') throw new Error('thrown on purpose')
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
    const { path, durability } = this.#order
    return Database.open(path, { durability, syncIntervalMs: 5, cacheBytes: 262_144 })
  }
}

function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}
