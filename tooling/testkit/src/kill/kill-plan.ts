import type { Durability } from '@ldb/core'
import type { ModelChange } from '../history/history.js'
import { TestRandom } from '../test-random.js'

/** One thing that the child does, between an intent and its acknowledgement. */
export interface KillStep {
  readonly kind: 'commit' | 'create' | 'drop' | 'sync' | 'checkpoint' | 'compact' | 'reopen'
  /** The keyspace that is made or dropped. */
  readonly space?: string
  /** What it changes, for database and model alike. A keyspace is an entry of the space `#` to the model. */
  readonly changes: readonly ModelChange[]
}

/** What a child is told to do. */
export interface KillOrder {
  readonly path: string
  readonly durability: Durability
  /** Decides all steps. */
  readonly seed: number
  /** Keyspaces there are, besides `default`. */
  readonly spaces: readonly string[]
  /** Only open, so that the kill hits recovery. */
  readonly opensOnly: boolean
  /** How the child ends itself, and in front of which step. */
  readonly end?: { readonly way: 'exit' | 'throw' | 'heap'; readonly step: number }
}

const STEPS = { commit: 70, create: 2, drop: 2, sync: 2, checkpoint: 4, compact: 2, reopen: 3 }
const SPACES = ['users', 'orders', 'events']
const KEY_COUNT = 120

/** The steps of one life of a child: the same for all who give the same seed and keyspaces. */
export class KillPlan {
  readonly #random: TestRandom
  readonly #spaces: Set<string>
  #stepCount = 0

  constructor(order: Pick<KillOrder, 'seed' | 'spaces'>) {
    this.#random = new TestRandom(order.seed)
    this.#spaces = new Set(order.spaces)
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

  /** Operations over several keyspaces; the number of the step in each of them shows a commit that came in part. */
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

  /** Mostly short; now and then as long as a page and more. */
  #value(): string {
    const random = this.#random
    const length = random.chance(0.04) ? random.below(30_000) : random.below(200)
    return String(random.word())
      .repeat(Math.ceil(length / 5))
      .slice(0, length)
  }
}

/** Reports whether all that came before is on the device when a step is acknowledged, whatever the durability. */
export function syncs(step: KillStep): boolean {
  return step.kind !== 'commit'
}
