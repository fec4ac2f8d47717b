import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { isLdbError } from '@ldb/base'
import { Database } from '@ldb/core'
import { builtFile } from '../built-file.js'
import type { History } from '../history/history.js'
import { promised, Violation } from '../violation.js'
import { KillChild } from './child-process.js'
import type { ChildEnd, ChildStart } from './child-process.js'
import type { Death } from './death.js'
import { KillPlan, syncs } from './kill-plan.js'
import type { KillOrder, KillStep } from './kill-plan.js'

/** A life that was not ended by what should end it is ended by this. */
const PATIENCE_MS = 1_500
const DEFAULT_HEAP_MIB = 24

/** Follows what a child tells, and keeps the model in step: the ledger, which survives the child. */
class LifeLedger {
  readonly #plan: KillPlan
  readonly #order: KillOrder
  readonly #history: History
  #step: KillStep | undefined = undefined

  constructor(order: KillOrder, history: History) {
    this.#plan = new KillPlan(order)
    this.#order = order
    this.#history = history
  }

  intent(): KillStep {
    promised(this.#step === undefined, () => 'a child began a step within another')
    this.#step = this.#plan.next()
    this.#history.submit(this.#step.changes)
    return this.#step
  }

  acknowledge(): void {
    const step = this.#step
    promised(step !== undefined, () => 'a child acknowledged what it had not begun')
    this.#step = undefined
    if (this.#order.durability !== 'none' || syncs(step))
      this.#history.acknowledgeDurable(this.#history.submitted)
  }
}

/** Runs one life of a child on a database, and ends it. */
export async function runLife(
  order: KillOrder,
  death: Death,
  history: History,
  standby: KillChild | undefined,
): Promise<void> {
  const ledger = new LifeLedger(order, history)
  if (death.way === 'worker') {
    await runWorker(order, death.delayMs, ledger)
    return
  }
  const child = standby ?? new KillChild(startFor(death))
  const end = await new ChildLife(order, death, child).run(ledger)
  checkEnd(end, death)
}

/** How a child must be started for a death; `undefined` when one that stands by will do. */
export function startFor(death: Death): ChildStart | undefined {
  if (death.way === 'call') return { killAtCall: death.call }
  return death.way === 'heap' ? { flags: [`--max-old-space-size=${DEFAULT_HEAP_MIB}`] } : undefined
}

class ChildLife {
  readonly #order: KillOrder
  readonly #death: Death
  readonly #child: KillChild
  /** What went wrong while the child lived. */
  #failure: Error | undefined = undefined
  #isArmed = false

  constructor(order: KillOrder, death: Death, child: KillChild) {
    this.#order = order
    this.#death = death
    this.#child = child
  }

  async run(ledger: LifeLedger): Promise<ChildEnd> {
    const child = this.#child
    const patience = setTimeout(() => {
      child.signal('SIGKILL')
    }, PATIENCE_MS)
    const end = await child.run(this.#order, (word) => {
      try {
        this.#take(word, ledger)
      } catch (error) {
        this.#failure ??= errorOf(error)
        child.signal('SIGKILL')
      }
    })
    clearTimeout(patience)
    if (this.#failure !== undefined) throw this.#failure
    return end
  }

  #take(word: string, ledger: LifeLedger): void {
    const { way } = this.#death
    if (word === 'intent') {
      const step = ledger.intent()
      if (this.#death.way === 'step' && this.#death.kind === step.kind) this.#arm(this.#death.delayMs)
    } else if (word === 'ack') {
      ledger.acknowledge()
      if (way === 'signal' || way === 'terminate' || way === 'stop') this.#arm(this.#death.delayMs)
    } else if (word === 'opening') {
      if (this.#order.opensOnly && way === 'signal') this.#arm(this.#death.delayMs)
    } else if (word === 'opened') {
      if (this.#order.opensOnly) this.#child.signal('SIGKILL')
    } else {
      throw new Violation(`a child said ${JSON.stringify(word)}`)
    }
  }

  #arm(delayMs: number): void {
    if (this.#isArmed) return
    this.#isArmed = true
    if (delayMs < 1) this.#strike()
    else
      setTimeout(() => {
        this.#strike()
      }, delayMs)
  }

  #strike(): void {
    const child = this.#child
    if (this.#death.way === 'terminate') child.signal('SIGTERM')
    else {
      if (this.#death.way === 'stop') this.#expectLocked()
      child.signal('SIGKILL')
    }
  }

  /** A holder that stands still holds the lock all the same. */
  #expectLocked(): void {
    this.#child.signal('SIGSTOP')
    try {
      assertLocked(this.#order.path, this.#child.pid)
    } catch (error) {
      this.#failure ??= errorOf(error)
    }
  }
}

/**
 * Throws unless another opener is refused, with the holder's name; without it only where the holder has none yet: one that
 * stands still between binding the lock's socket and writing `LOCK`.
 */
export function assertLocked(path: string, pid: number): void {
  let db: Database
  try {
    db = Database.open(path)
  } catch (error) {
    const isNamed = isLdbError(error, 'LDB_LOCKED') && String(error.details.holder).includes(`pid ${pid}`)
    const isUnnamed = isLdbError(error, 'LDB_LOCKED') && !existsSync(join(path, 'LOCK'))
    if (!isNamed && !isUnnamed) throw new Violation(`a second opener got ${String(error)}`, { cause: error })
    return
  }
  db.close()
  throw new Violation('a second opener was let in')
}

function checkEnd(end: ChildEnd, death: Death): void {
  const { code, signal, complaint } = end
  const isKilled = signal === 'SIGKILL' || code === 137
  const told = (): string =>
    `a child that was to end by ${death.way} ended with ${code ?? signal ?? ''}: ${complaint.slice(-2000)}`
  if (isKilled) return
  if (death.way === 'exit') promised(code === 7, told)
  else if (death.way === 'throw') promised(code === 1 && complaint.includes('thrown on purpose'), told)
  else if (death.way === 'heap')
    promised((signal === 'SIGABRT' || code === 134) && complaint.includes('heap'), told)
  else promised(death.way === 'terminate' && signal === 'SIGTERM', told)
}

async function runWorker(order: KillOrder, delayMs: number, ledger: LifeLedger): Promise<void> {
  const counts = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(builtFile('kill/kill-worker.js'), {
    workerData: { order, ledger: counts },
    execArgv: [],
  })
  let failure: Error | undefined
  worker.once('error', (error) => {
    failure = errorOf(error)
  })
  for (
    let waited = 0;
    Atomics.load(counts, 1) === 0 && waited < PATIENCE_MS && failure === undefined;
    waited++
  )
    await pause(1)
  await pause(delayMs)
  await worker.terminate()
  if (failure !== undefined) throw new Violation(`a worker failed: ${failure.message}`, { cause: failure })
  for (
    let count = Atomics.load(counts, 0), acknowledged = Atomics.load(counts, 1);
    count > 0;
    count--, acknowledged--
  ) {
    ledger.intent()
    if (acknowledged > 0) ledger.acknowledge()
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Violation(String(error))
}
