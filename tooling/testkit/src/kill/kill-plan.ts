import type { Durability } from '@ldb/core'
import type { ModelChange } from '../history/history.js'
import { TestRandom } from '../base/test-random.js'

/** One step of a child, between its intent message and its acknowledgement. */
export interface KillStep {
  readonly kind: 'commit' | 'create' | 'drop' | 'sync' | 'checkpoint' | 'compact' | 'reopen'
  /** The keyspace that is created or dropped. */
  readonly space?: string
  /** Changes that it makes, for database and model. The model represents a keyspace by an entry of the space `#`. */
  readonly changes: readonly ModelChange[]
}

/** The task of a child. */
export interface ChildTask {
  readonly path: string
  readonly durability: Durability
  /** Seed of all steps. */
  readonly seed: number
  /** Existing keyspaces besides `default`. */
  readonly spaces: readonly string[]
  /** Only open the database, so that the kill interrupts recovery. */
  readonly opensOnly: boolean
  /** How the child ends itself, and before which step. */
  readonly end?: { readonly method: 'exit' | 'throw' | 'heap'; readonly step: number }
}

const STEPS = { commit: 70, create: 2, drop: 2, sync: 2, checkpoint: 4, compact: 2, reopen: 3 }
const SPACES = ['users', 'orders', 'events']
const KEY_COUNT = 120

/** The steps of one child. A seed and a list of keyspaces determine them. */
export class KillPlan {
  readonly #random: TestRandom
  readonly #spaces: Set<string>
  #stepCount = 0

  constructor(task: Pick<ChildTask, 'seed' | 'spaces'>) {
    this.#random = new TestRandom(task.seed)
    this.#spaces = new Set(task.spaces)
  }

  next(): KillStep {
    const random = this.#random
    this.#stepCount++
    const kind = random.weighted(STEPS)
    if (kind === 'create') return this.#create()
    if (kind === 'drop') return this.#drop()
    return { kind, changes: kind === 'commit' ? this.#changes() : [] }
  }

  #create(): KillStep {
    const space = this.#random.pick(SPACES)
    if (this.#spaces.has(space)) return { kind: 'sync', changes: [] }
    this.#spaces.add(space)
    return { kind: 'create', space, changes: [{ kind: 'put', space: '#', key: space, value: '' }] }
  }

  #drop(): KillStep {
    const space = this.#random.pick(SPACES)
    if (!this.#spaces.delete(space)) return { kind: 'sync', changes: [] }
    return {
      kind: 'drop',
      space,
      changes: [
        { kind: 'delete', space: '#', key: space },
        { kind: 'deleteRange', space, lower: '', upper: undefined },
      ],
    }
  }

  /** Returns operations on several keyspaces. The step number in each of them reveals a partly applied commit. */
  #changes(): ModelChange[] {
    const random = this.#random
    const mark = `${random.seed}:${this.#stepCount}`
    const changes: ModelChange[] = []
    for (const space of ['default', ...this.#spaces]) {
      if (space !== 'default' && random.chance(0.4)) continue
      for (let count = random.below(5); count > 0; count--) changes.push(this.#change(space))
      changes.push({ kind: 'put', space, key: 'last', value: mark })
    }
    return changes
  }

  #change(space: string): ModelChange {
    const random = this.#random
    const key = this.#key()
    const roll = random.below(100)
    if (roll < 68) return { kind: 'put', space, key, value: this.#value() }
    if (roll < 94) return { kind: 'delete', space, key }
    const other = this.#key()
    return { kind: 'deleteRange', space, lower: key < other ? key : other, upper: key < other ? other : key }
  }

  #key(): string {
    const random = this.#random
    const key = `key${random.below(KEY_COUNT)}`
    return random.chance(0.02) ? key.padEnd(1500, '.') : key
  }

  /** Returns a value: mostly short, sometimes longer than a page. */
  #value(): string {
    const random = this.#random
    const length = random.chance(0.04) ? random.below(30_000) : random.below(200)
    return String(random.word())
      .repeat(Math.ceil(length / 5))
      .slice(0, length)
  }
}

/** Reports whether a step makes all earlier commits durable before it is acknowledged, whatever the durability level. */
export function syncsEarlierCommits(step: KillStep): boolean {
  return step.kind !== 'commit'
}
