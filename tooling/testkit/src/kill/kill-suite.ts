import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '@ldb/core'
import type { Durability } from '@ldb/core'
import type { Suite, SuiteCounts } from '../suite/suite.js'
import { History } from '../history/history.js'
import type { ModelState } from '../history/history.js'
import { TestRandom } from '../test-random.js'
import { promised, Violation } from '../violation.js'
import { KillChild } from './child-process.js'
import { chooseDeath, chooseRecoveryDeath } from './death.js'
import type { Death } from './death.js'
import { runLife, startFor } from './kill-life.js'
import type { KillOrder } from './kill-plan.js'

const DURABILITIES: readonly Durability[] = ['full', 'full', 'periodic', 'none']
/** Lives of working children in one case; each begins with what the one before has left. */
const LIVES = 3

/** Kills real processes at work, in recovery, closing, checkpointing; and holds what they leave to their ledger. */
export const kills: Suite = {
  name: 'kill',
  runCase: async (seed) => {
    const directory = mkdtempSync(join(tmpdir(), 'ldb-kill-'))
    const run = new KillCase(seed, join(directory, 'data'))
    try {
      return await run.run()
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new Violation(`${run.story.join('; ')}: ${reason}`, { cause: error })
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
  end: dismissStandby,
}

/** The child that stands by for the next life, of whatever case. */
let standby: KillChild | undefined

/** Ends the child that stands by; for the end of a run. */
export async function dismissStandby(): Promise<void> {
  const child = standby
  standby = undefined
  await child?.dismiss()
}

class KillCase {
  /** What was done, for messages. */
  readonly story: string[] = []
  readonly #random: TestRandom
  readonly #path: string
  readonly #durability: Durability
  readonly #counts: Record<string, number> = { kills: 0, steps: 0, acknowledged: 0, recoveryKills: 0 }
  #history: History = new History()

  constructor(seed: number, path: string) {
    this.#random = new TestRandom(seed)
    this.#path = path
    this.#durability = this.#random.pick(DURABILITIES)
    this.story.push(`durability ${this.#durability}`)
  }

  async run(): Promise<SuiteCounts> {
    const random = this.#random
    for (let life = 0; life < LIVES; life++) {
      await this.#live(chooseDeath(random), false)
      while (random.chance(0.35)) await this.#live(chooseRecoveryDeath(random), true)
      this.#check()
    }
    return this.#counts
  }

  async #live(death: Death, opensOnly: boolean): Promise<void> {
    this.story.push(`${opensOnly ? 'recovery ' : ''}${JSON.stringify(death)}`)
    const order = this.#order(death, opensOnly)
    const before = this.#history.submitted
    await runLife(order, death, this.#history, takeStandby(death))
    const { submitted } = this.#history
    this.story.push(`${submitted - before} steps`)
    this.#count('kills', 1)
    this.#count('steps', submitted - before)
    this.#count(opensOnly ? 'recoveryKills' : `by-${death.way}`, 1)
  }

  #order(death: Death, opensOnly: boolean): KillOrder {
    const order = {
      path: this.#path,
      durability: this.#durability,
      seed: this.#random.word(),
      spaces: spacesOf(this.#history.stateAt(this.#history.submitted)),
      opensOnly,
    }
    return death.way === 'exit' || death.way === 'throw' || death.way === 'heap'
      ? { ...order, end: { way: death.way, step: death.step } }
      : order
  }

  /** Opens at once, and holds what is there to the ledger. */
  #check(): void {
    const history = this.#history
    if (history.submitted > 0) history.isCreated = true
    const db = Database.open(this.#path, { durability: this.#durability })
    try {
      const found = contentOf(db)
      const commit = history.match(found)
      const { findings } = db.verify()
      promised(findings.length === 0, () => `verify: ${findings.map(({ message }) => message).join('; ')}`)
      this.#count('acknowledged', history.durable)
      this.story.push(`found ${commit} of ${history.submitted}, ${history.durable} acknowledged`)
      this.#history = historyFrom(found)
    } finally {
      db.close()
    }
  }

  #count(name: string, count: number): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + count
  }
}

/** Returns the child that stands by, when it is of the right kind, and starts the one after it. */
function takeStandby(death: Death): KillChild | undefined {
  if (startFor(death) !== undefined || death.way === 'worker') return undefined
  const child = standby ?? new KillChild()
  standby = new KillChild()
  return child
}

/** A history that begins with what was found. */
function historyFrom(state: ModelState): History {
  const history = new History([{ changes: [], state }])
  history.acknowledgeDurable(1)
  return history
}

function spacesOf(state: ModelState): string[] {
  return [...state.keys()].filter((name) => name.startsWith('#/')).map((name) => name.slice(2))
}

/** What is in all keyspaces, as the model has it; forward and backward scans must agree. */
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
      promised(found.get(`${name}/${key}`) === value, () => `${name}/${key} is another one backwards`)
      count--
    }
    promised(
      count === 0 && keyspace.get('never written') === undefined,
      () => `${name} has another length backwards`,
    )
  }
  return found
}
