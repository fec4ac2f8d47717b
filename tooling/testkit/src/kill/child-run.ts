import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { isLdbError } from '@ldb/base'
import { Database } from '@ldb/core'
import { builtFile } from '../base/built-file.js'
import type { History } from '../history/history.js'
import { assertGuarantee, Violation } from '../base/violation.js'
import { KillChild } from './child-process.js'
import type { ChildEnd, ChildStart } from './child-process.js'
import type { Termination } from './termination.js'
import { KillPlan, syncsEarlierCommits } from './kill-plan.js'
import type { ChildTask, KillStep } from './kill-plan.js'

/** A child that has not begun its task by then is killed. */
const START_TIMEOUT_MS = 30_000
/** A child that its termination has not ended by then, counted from the start of its task, is killed. */
const TIMEOUT_MS = 1_500
const HEAP_LIMIT_MIB = 24

/** Applies the messages of a child to the model. Survives the child. */
class ModelLedger {
  readonly #plan: KillPlan
  readonly #task: ChildTask
  readonly #history: History
  #step: KillStep | undefined = undefined

  constructor(task: ChildTask, history: History) {
    this.#plan = new KillPlan(task)
    this.#task = task
    this.#history = history
  }

  intent(): KillStep {
    assertGuarantee(
      this.#step === undefined,
      () => 'a child began a step before the previous one was acknowledged',
    )
    this.#step = this.#plan.next()
    this.#history.submit(this.#step.changes)
    return this.#step
  }

  acknowledge(): void {
    const step = this.#step
    assertGuarantee(step !== undefined, () => 'a child acknowledged a step that it had not begun')
    this.#step = undefined
    if (this.#task.durability !== 'none' || syncsEarlierCommits(step))
      this.#history.acknowledgeDurable(this.#history.submitted)
  }
}

/** Runs a child on a database until its termination. */
export async function runChild(
  task: ChildTask,
  termination: Termination,
  history: History,
  standby: KillChild | undefined,
): Promise<void> {
  const ledger = new ModelLedger(task, history)
  if (termination.method === 'worker') {
    await runWorker(task, termination.delayMs, ledger)
    return
  }
  const child = standby ?? new KillChild(startOptions(termination))
  const end = await new ChildRun(task, termination, child).run(ledger)
  checkEnd(end, termination)
}

/** Returns how to start a child for a termination; `undefined` when the standby child will do. */
export function startOptions(termination: Termination): ChildStart | undefined {
  if (termination.method === 'call') return { killAtCall: termination.call }
  return termination.method === 'heap' ? { flags: [`--max-old-space-size=${HEAP_LIMIT_MIB}`] } : undefined
}

class ChildRun {
  readonly #task: ChildTask
  readonly #termination: Termination
  readonly #child: KillChild
  /** First violation while the child was running. */
  #failure: Error | undefined = undefined
  #isArmed = false

  constructor(task: ChildTask, termination: Termination, child: KillChild) {
    this.#task = task
    this.#termination = termination
    this.#child = child
  }

  async run(ledger: ModelLedger): Promise<ChildEnd> {
    const child = this.#child
    const killAfter = (delayMs: number): NodeJS.Timeout =>
      setTimeout(() => {
        child.signal('SIGKILL')
      }, delayMs)
    let timeout = killAfter(START_TIMEOUT_MS)
    const end = await child.run(this.#task, (message) => {
      if (message === 'opening') {
        clearTimeout(timeout)
        timeout = killAfter(TIMEOUT_MS)
      }
      try {
        this.#receive(message, ledger)
      } catch (error) {
        this.#failure ??= errorOf(error)
        child.signal('SIGKILL')
      }
    })
    clearTimeout(timeout)
    if (this.#failure !== undefined) throw this.#failure
    return end
  }

  #receive(message: string, ledger: ModelLedger): void {
    const { method } = this.#termination
    if (message === 'intent') {
      const step = ledger.intent()
      if (this.#termination.method === 'step' && this.#termination.kind === step.kind)
        this.#arm(this.#termination.delayMs)
    } else if (message === 'ack') {
      ledger.acknowledge()
      if (method === 'signal' || method === 'terminate' || method === 'stop')
        this.#arm(this.#termination.delayMs)
    } else if (message === 'opening') {
      if (this.#task.opensOnly && method === 'signal') this.#arm(this.#termination.delayMs)
    } else if (message === 'opened') {
      if (this.#task.opensOnly) this.#child.signal('SIGKILL')
    } else {
      throw new Violation(`a child sent ${JSON.stringify(message)}`)
    }
  }

  #arm(delayMs: number): void {
    if (this.#isArmed) return
    this.#isArmed = true
    if (delayMs < 1) this.#terminate()
    else
      setTimeout(() => {
        this.#terminate()
      }, delayMs)
  }

  #terminate(): void {
    const child = this.#child
    if (this.#termination.method === 'terminate') child.signal('SIGTERM')
    else {
      if (this.#termination.method === 'stop') this.#checkLocked()
      child.signal('SIGKILL')
    }
  }

  /** A stopped process still holds the lock. */
  #checkLocked(): void {
    this.#child.signal('SIGSTOP')
    try {
      assertLocked(this.#task.path, this.#child.pid)
    } catch (error) {
      this.#failure ??= errorOf(error)
    }
  }
}

/**
 * Throws unless another opener is refused with the holder's name. The name may be missing only while `LOCK` is missing: the
 * holder was stopped between binding the lock's socket and writing `LOCK`.
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
  throw new Violation('a second opener was admitted')
}

function checkEnd(end: ChildEnd, termination: Termination): void {
  const { code, signal, stderr } = end
  const isKilled = signal === 'SIGKILL' || code === 137
  const describe = (): string =>
    `a child that was to end by ${termination.method} ended with ${code ?? signal ?? ''}: ${stderr.slice(-2000)}`
  if (isKilled) return
  if (termination.method === 'exit') assertGuarantee(code === 7, describe)
  else if (termination.method === 'throw')
    assertGuarantee(code === 1 && stderr.includes('thrown on purpose'), describe)
  else if (termination.method === 'heap')
    assertGuarantee((signal === 'SIGABRT' || code === 134) && stderr.includes('heap'), describe)
  else assertGuarantee(termination.method === 'terminate' && signal === 'SIGTERM', describe)
}

async function runWorker(task: ChildTask, delayMs: number, ledger: ModelLedger): Promise<void> {
  const counts = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(builtFile('kill/kill-worker.js'), {
    workerData: { task, ledger: counts },
    execArgv: [],
  })
  let failure: Error | undefined
  worker.once('error', (error) => {
    failure = errorOf(error)
  })
  for (
    let waited = 0;
    Atomics.load(counts, 1) === 0 && waited < TIMEOUT_MS && failure === undefined;
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
