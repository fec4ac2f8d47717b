import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import type { Durability } from '@ldb/core'
import type { Suite, SuiteCounts } from '../suite/suite.js'
import { History } from '../history/history.js'
import type { ModelState } from '../history/history.js'
import { TestRandom } from '../base/test-random.js'
import { assertGuarantee, Violation } from '../base/violation.js'
import { KillChild } from './child-process.js'
import { chooseTermination, chooseRecoveryTermination } from './termination.js'
import type { Termination } from './termination.js'
import { runChild, startOptions } from './child-run.js'
import type { ChildTask } from './kill-plan.js'

const DURABILITIES: readonly Durability[] = ['full', 'full', 'periodic', 'none']
/** Number of working children in one case; each continues on the database of the one before. */
const CHILDREN = 3

/** Kills real processes at work, during recovery, close and checkpoint, and compares the database with the model. */
export const killSuite: Suite = {
  name: 'kill',
  runCase: async (seed) => {
    const directory = mkdtempSync(join(tmpdir(), 'ldb-kill-'))
    const run = new KillCase(seed, join(directory, 'data'))
    try {
      return await run.run()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Violation(`${run.log.join('; ')}: ${reason}`, { cause: error })
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
  end: endStandby,
}

/** A child that is started already and waits for a task of the next case. */
let standby: KillChild | undefined

/** Ends the standby child, at the end of a run. */
export async function endStandby(): Promise<void> {
  const child = standby
  standby = undefined
  await child?.end()
}

class KillCase {
  /** Log of the case, for messages. */
  readonly log: string[] = []
  readonly #random: TestRandom
  readonly #path: string
  readonly #durability: Durability
  readonly #counts: Record<string, number> = { kills: 0, steps: 0, acknowledged: 0, recoveryKills: 0 }
  #history: History = new History()

  constructor(seed: number, path: string) {
    this.#random = new TestRandom(seed)
    this.#path = path
    this.#durability = this.#random.pick(DURABILITIES)
    this.log.push(`durability ${this.#durability}`)
  }

  async run(): Promise<SuiteCounts> {
    const random = this.#random
    for (let child = 0; child < CHILDREN; child++) {
      await this.#runChild(chooseTermination(random), false)
      while (random.chance(0.35)) await this.#runChild(chooseRecoveryTermination(random), true)
      this.#check()
    }
    return this.#counts
  }

  async #runChild(termination: Termination, opensOnly: boolean): Promise<void> {
    this.log.push(`${opensOnly ? 'recovery ' : ''}${JSON.stringify(termination)}`)
    const task = this.#task(termination, opensOnly)
    const before = this.#history.submitted
    await runChild(task, termination, this.#history, takeStandby(termination))
    const { submitted } = this.#history
    this.log.push(`${submitted - before} steps`)
    this.#count('kills', 1)
    this.#count('steps', submitted - before)
    this.#count(opensOnly ? 'recoveryKills' : `by-${termination.method}`, 1)
  }

  #task(termination: Termination, opensOnly: boolean): ChildTask {
    const task = {
      path: this.#path,
      durability: this.#durability,
      seed: this.#random.word(),
      spaces: spacesOf(this.#history.stateAt(this.#history.submitted)),
      opensOnly,
    }
    return termination.method === 'exit' || termination.method === 'throw' || termination.method === 'heap'
      ? { ...task, end: { method: termination.method, step: termination.step } }
      : task
  }

  /** Opens the database and compares its content with the model. */
  #check(): void {
    const history = this.#history
    if (history.submitted > 0) history.isCreated = true
    const db = Database.open(this.#path, { durability: this.#durability })
    try {
      const found = contentOf(db)
      const commit = history.match(found)
      const { findings } = db.verify()
      assertGuarantee(
        findings.length === 0,
        () => `verify: ${findings.map(({ message }) => message).join('; ')}`,
      )
      this.#count('acknowledged', history.durable)
      this.log.push(`found ${commit} of ${history.submitted}, ${history.durable} acknowledged`)
      this.#history = historyFrom(found)
    } finally {
      db.close()
    }
  }

  #count(name: string, count: number): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + count
  }
}

/** Returns the standby child if it suits the termination, and starts the next one. */
function takeStandby(termination: Termination): KillChild | undefined {
  if (startOptions(termination) !== undefined || termination.method === 'worker') return undefined
  const child = standby ?? new KillChild()
  standby = new KillChild()
  return child
}

/** Returns a history whose first state is the recovered state. */
function historyFrom(state: ModelState): History {
  const history = new History([{ changes: [], state }])
  history.acknowledgeDurable(1)
  return history
}

function spacesOf(state: ModelState): string[] {
  return [...state.keys()].filter((name) => name.startsWith('#/')).map((name) => name.slice(2))
}

/** Returns the content of all keyspaces in the model's form. Checks that forward and reverse scans agree. */
export function contentOf(db: Database): ModelState {
  const found = new Map<string, string>()
  for (const { name } of db.keyspaces()) {
    if (name !== 'default') found.set(`#/${name}`, '')
    const keyspace = db.keyspace(name)
    let count = 0
    for (const [key, value] of keyspace.entries()) {
      found.set(`${name}/${key}`, value)
      count++
    }
    for (const [key, value] of keyspace.entries({ reverse: true })) {
      assertGuarantee(found.get(`${name}/${key}`) === value, () => `${name}/${key} differs in a reverse scan`)
      count--
    }
    assertGuarantee(
      count === 0 && keyspace.get('never written') === undefined,
      () => `${name} has another number of entries in a reverse scan`,
    )
  }
  return found
}
