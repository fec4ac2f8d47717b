import type { TestRandom } from '../../base/test-random.js'
import { MISUSES } from './commands.js'
import type {
  BatchCommand,
  BatchStep,
  BulkCommand,
  Command,
  CommandName,
  Durability,
  Write,
} from './commands.js'
import type { CommandWeights } from './command-weights.js'
import { ReadSource } from './read-source.js'
import { times } from './times.js'
import { KEYSPACE_NAMES } from './run-settings.js'
import { TextSource } from './text-source.js'
import type { TextShape } from './text-source.js'
import { beginOptions, transactionStep } from './transaction-steps.js'
import type { StepParts } from './transaction-steps.js'

/** Commands that `#make` delegates to `#other`. */
type OtherName = Exclude<CommandName, Write['do'] | BulkCommand['do'] | 'batch' | 'read'>

/** Distance of a clock jump: ten years. */
const TEN_YEARS_MS = 10 * 365 * 86_400_000
const DURABILITIES: readonly (Durability | undefined)[] = [
  'full',
  'periodic',
  'none',
  undefined,
  undefined,
  undefined,
]

/** Generates commands. The random source alone decides them. */
export class CommandSource {
  readonly #random: TestRandom
  readonly #shape: TextShape
  readonly #texts: TextSource
  readonly #reads: ReadSource
  readonly #weights: CommandWeights
  readonly #stepParts: StepParts

  constructor(random: TestRandom, shape: TextShape, weights: CommandWeights) {
    this.#random = random
    this.#shape = shape
    this.#texts = new TextSource(random, shape)
    this.#reads = new ReadSource(random, this.#texts)
    this.#stepParts = {
      random,
      texts: this.#texts,
      ks: () => this.#ks(),
      range: () => this.#reads.narrowRange(),
      read: () => this.#reads.read(),
    }
    // `weighted` draws integers, and some weights are fractions.
    this.#weights = Object.fromEntries(
      Object.entries(weights).map(([name, weight]) => [name, Math.round(weight * 100)]),
    ) as Record<CommandName, number>
  }

  /** Returns the next command. */
  next(): Command {
    return this.#make(this.#random.weighted(this.#weights))
  }

  #make(name: CommandName): Command {
    const random = this.#random
    const ks = this.#ks()
    switch (name) {
      case 'put':
      case 'putIfAbsent':
        return { do: name, ks, key: this.#texts.key(), value: this.#texts.value(), ...this.#durability() }
      case 'delete':
        return { do: name, ks, key: this.#texts.key(), ...this.#durability() }
      case 'deleteRange':
        return { do: name, ks, range: this.#reads.narrowRange(), ...this.#durability() }
      case 'clear':
        return { do: name, ks, ...this.#durability() }
      case 'swap': {
        const next = random.chance(0.7) ? { next: this.#texts.value() } : {}
        return {
          do: name,
          ks,
          key: this.#texts.key(),
          expected: random.pick(['same', 'same', 'other', 'absent']),
          ...next,
        }
      }
      case 'update':
        return this.#update(ks)
      case 'batch':
        return {
          do: name,
          steps: times(random.between(0, random.chance(0.1) ? 60 : 8), () => this.#step()),
          ...this.#durability(),
        }
      case 'fill':
      case 'thin': {
        const bulk = { ks, group: random.below(4), count: random.between(1, this.#shape.bulkCount) }
        return name === 'fill'
          ? { do: name, ...bulk, bytes: random.pick([0, 20, 150]) }
          : { do: name, ...bulk, every: random.between(1, 4) }
      }
      case 'read':
        return { do: name, ks, ...this.#from(), ...this.#reads.read() }
      default:
        return this.#other(name, ks)
    }
  }

  /** Returns a command that is not a write to one keyspace. */
  #other(name: OtherName, ks: number): Command {
    const random = this.#random
    switch (name) {
      case 'scanOpen':
        return {
          do: name,
          ks,
          ...this.#from(),
          ...this.#tx(),
          part: this.#reads.part(),
          ...this.#reads.maybeRange(),
          stages: this.#reads.stages(),
        }
      case 'scanNext':
        return { do: name, pick: random.below(8), count: random.between(1, 6) }
      case 'cursorOpen':
        return { do: name, ks, ...this.#from(), ...this.#tx(), range: this.#reads.bounds() }
      case 'cursorMove':
        return { do: name, pick: random.below(8), moves: this.#reads.moves() }
      case 'scanEnd':
      case 'cursorEnd':
      case 'release':
        return { do: name, pick: random.below(8) }
      case 'keyspace':
        return { do: name, ks: random.between(1, KEYSPACE_NAMES.length - 1), ...this.#encodings() }
      case 'drop':
        return { do: name, ks: random.below(KEYSPACE_NAMES.length) }
      case 'readOnly':
        return { do: name, commands: times(random.between(1, 6), () => this.#readOnlyCommand()) }
      case 'time':
        return { do: name, ms: random.pick([1, 50, 100, 1000]) }
      case 'jump':
        return { do: name, ms: random.pick([-TEN_YEARS_MS, TEN_YEARS_MS, -1, 0]) }
      case 'misuse':
        return { do: name, what: random.pick(MISUSES) }
      case 'txBegin':
        return { do: name, ...beginOptions(random) }
      case 'txStep':
        return { do: name, pick: random.below(8), step: transactionStep(this.#stepParts) }
      case 'txCommit':
        return { do: name, pick: random.below(8), ...this.#durability() }
      case 'txRollback':
      case 'txForget':
        return { do: name, pick: random.below(8) }
      case 'transaction':
        return {
          do: name,
          steps: times(random.between(0, 8), () => transactionStep(this.#stepParts)),
          end: random.pick(['return', 'return', 'return', 'commit', 'rollback', 'throw']),
          ...beginOptions(random),
        }
      case 'together':
        return { do: name, writes: times(random.between(2, 8), () => this.#concurrentWrite()) }
      default:
        return { do: name }
    }
  }

  #update(ks: number): Command {
    const random = this.#random
    const next = random.chance(0.7) ? { next: this.#texts.value() } : {}
    const inner = random.chance(0.3)
      ? { inner: times(random.between(1, 2), () => this.#callbackCommand()) }
      : {}
    const throws = random.chance(0.1) ? { throws: true } : {}
    return { do: 'update', ks, key: this.#texts.key(), ...next, ...inner, ...throws, ...this.#durability() }
  }

  /** Returns a write whose result depends only on the writes before it. */
  #concurrentWrite(): Write | BatchCommand {
    const random = this.#random
    const name = random.pick(['put', 'put', 'delete', 'putIfAbsent', 'update', 'batch', 'clear'] as const)
    if (name !== 'update') return this.#make(name) as Write | BatchCommand
    return { do: name, ks: this.#ks(), key: this.#texts.key(), next: this.#texts.value() }
  }

  #tx(): { readonly tx?: number } {
    return this.#random.chance(0.3) ? { tx: this.#random.below(8) } : {}
  }

  /** Returns a command for an update callback. */
  #callbackCommand(): Command {
    const names = ['put', 'delete', 'read', 'batch', 'snapshot', 'scanNext', 'checkpoint', 'clear'] as const
    return this.#make(this.#random.pick(names.filter((name) => name === 'put' || this.#weights[name] > 0)))
  }

  /** Returns a command for a database that is open read-only. */
  #readOnlyCommand(): Command {
    const random = this.#random
    const name = random.pick([
      'read',
      'read',
      'put',
      'delete',
      'batch',
      'drop',
      'sync',
      'verify',
      'stats',
      'snapshot',
      'scanOpen',
    ] as const)
    return name === 'put' || name === 'delete'
      ? ({ ...this.#make(name), key: 'plain' } as Command)
      : this.#make(name)
  }

  #step(): BatchStep {
    const random = this.#random
    const ks = this.#ks()
    switch (random.weighted({ put: 120, delete: 40, deleteRange: 10, clear: 1 })) {
      case 'put':
        return { ks, do: 'put', key: this.#texts.key(), value: this.#texts.value() }
      case 'delete':
        return { ks, do: 'delete', key: this.#texts.key() }
      case 'deleteRange': {
        const { limit: _limit, offset: _offset, ...range } = this.#reads.narrowRange()
        // A refused step would refuse its whole batch.
        const isBounded = Object.keys(range).some((name) =>
          ['gt', 'gte', 'lt', 'lte', 'prefix'].includes(name),
        )
        return { ks, do: 'deleteRange', range: isBounded ? range : { ...range, gte: '' } }
      }
      case 'clear':
        return { ks, do: 'clear' }
    }
  }

  #ks(): number {
    return this.#random.pick([0, 0, 1, 1, 1, 2, 3])
  }

  #from(): { readonly from?: number } {
    return this.#random.chance(0.25) ? { from: this.#random.below(8) } : {}
  }

  #encodings(): { readonly keys?: string; readonly values?: string } {
    const random = this.#random
    return {
      ...(random.chance(0.3) ? { keys: random.pick(['utf8', 'binary', 'tuple']) } : {}),
      ...(random.chance(0.3) ? { values: random.pick(['utf8', 'binary', 'json']) } : {}),
    }
  }

  #durability(): { readonly durability?: Durability } {
    const durability = this.#random.pick(DURABILITIES)
    return durability === undefined ? {} : { durability }
  }
}
