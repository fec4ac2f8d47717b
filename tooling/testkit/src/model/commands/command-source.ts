import type { TestRandom } from '../../test-random.js'
import { MISUSES } from './commands.js'
import type {
  BatchCommand,
  BatchStep,
  BulkCommand,
  Command,
  CommandName,
  Durability,
  Move,
  Read,
  ScanEnd,
  Stage,
  TextRange,
  Write,
} from './commands.js'
import { KEYSPACE_NAMES } from './run-settings.js'
import { TextSource } from './text-source.js'
import type { TextShape } from './text-source.js'
import { beginOptions, transactionStep } from './transaction-steps.js'
import type { StepParts } from './transaction-steps.js'

/** How often each command comes. */
export type CommandWeights = Readonly<Record<CommandName, number>>

/** How often each command comes in a run that leaves none out. */
export const COMMAND_WEIGHTS: CommandWeights = {
  put: 60,
  delete: 20,
  deleteRange: 6,
  clear: 1,
  putIfAbsent: 6,
  swap: 8,
  update: 6,
  batch: 14,
  fill: 2,
  thin: 1,
  read: 60,
  scanOpen: 4,
  scanNext: 8,
  scanEnd: 2,
  cursorOpen: 4,
  cursorMove: 12,
  cursorEnd: 2,
  snapshot: 3,
  release: 2,
  keyspace: 3,
  drop: 1,
  keyspaces: 1,
  sync: 1,
  checkpoint: 1,
  compact: 1,
  verify: 0.5,
  stats: 2,
  reopen: 0.5,
  crash: 0.5,
  readOnly: 0.2,
  time: 2,
  jump: 0.5,
  misuse: 3,
  txBegin: 5,
  txStep: 40,
  txCommit: 5,
  txRollback: 1,
  txForget: 4,
  transaction: 5,
  together: 4,
  changes: 2,
}

/** Commands that `#make` leaves to `#other`. */
type OtherName = Exclude<CommandName, Write['do'] | BulkCommand['do'] | 'batch' | 'read'>

/** A bad day and a good one, in milliseconds: ten years. */
const YEARS_MS = 10 * 365 * 86_400_000
const DURABILITIES: readonly (Durability | undefined)[] = [
  'full',
  'periodic',
  'none',
  undefined,
  undefined,
  undefined,
]
const ENDS: readonly ScanEnd[] = ['toArray', 'forEach', 'reduce', 'some', 'every', 'find', 'break']
const READ_WEIGHTS = { get: 20, has: 5, getMany: 3, scan: 12, count: 4, estimate: 2, cursor: 6 } as const

/** Makes commands, each decided by the random source alone. */
export class CommandSource {
  readonly #random: TestRandom
  readonly #shape: TextShape
  readonly #texts: TextSource
  readonly #weights: CommandWeights
  readonly #stepParts: StepParts

  constructor(random: TestRandom, shape: TextShape, weights: CommandWeights) {
    this.#random = random
    this.#shape = shape
    this.#texts = new TextSource(random, shape)
    this.#stepParts = {
      random,
      texts: this.#texts,
      ks: () => this.#ks(),
      range: () => this.#narrowRange(),
      read: () => this.#read(),
    }
    // The random source draws whole numbers.
    this.#weights = Object.fromEntries(
      Object.entries(weights).map(([name, weight]) => [name, Math.round(weight * 100)]),
    ) as Record<CommandName, number>
  }

  /** Makes the next command. */
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
        return { do: name, ks, range: this.#narrowRange(), ...this.#durability() }
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
          steps: this.#times(random.between(0, random.chance(0.1) ? 60 : 8), () => this.#step()),
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
        return { do: name, ks, ...this.#from(), ...this.#read() }
      default:
        return this.#other(name, ks)
    }
  }

  /** Commands that are no write to one keyspace. */
  #other(name: OtherName, ks: number): Command {
    const random = this.#random
    switch (name) {
      case 'scanOpen':
        return {
          do: name,
          ks,
          ...this.#from(),
          ...this.#tx(),
          part: this.#part(),
          ...this.#maybeRange(),
          stages: this.#stages(),
        }
      case 'scanNext':
        return { do: name, pick: random.below(8), count: random.between(1, 6) }
      case 'cursorOpen':
        return { do: name, ks, ...this.#from(), ...this.#tx(), range: this.#bounds() }
      case 'cursorMove':
        return { do: name, pick: random.below(8), moves: this.#moves() }
      case 'scanEnd':
      case 'cursorEnd':
      case 'release':
        return { do: name, pick: random.below(8) }
      case 'keyspace':
        return { do: name, ks: random.between(1, KEYSPACE_NAMES.length - 1), ...this.#encodings() }
      case 'drop':
        return { do: name, ks: random.below(KEYSPACE_NAMES.length) }
      case 'readOnly':
        return { do: name, commands: this.#times(random.between(1, 6), () => this.#lookedAt()) }
      case 'time':
        return { do: name, ms: random.pick([1, 50, 100, 1000]) }
      case 'jump':
        return { do: name, ms: random.pick([-YEARS_MS, YEARS_MS, -1, 0]) }
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
          steps: this.#times(random.between(0, 8), () => transactionStep(this.#stepParts)),
          end: random.pick(['return', 'return', 'return', 'commit', 'rollback', 'throw']),
          ...beginOptions(random),
        }
      case 'together':
        return { do: name, writes: this.#times(random.between(2, 8), () => this.#oneOfMany()) }
      default:
        return { do: name }
    }
  }

  #update(ks: number): Command {
    const random = this.#random
    const next = random.chance(0.7) ? { next: this.#texts.value() } : {}
    const inner = random.chance(0.3) ? { inner: this.#times(random.between(1, 2), () => this.#simple()) } : {}
    const throws = random.chance(0.1) ? { throws: true } : {}
    return { do: 'update', ks, key: this.#texts.key(), ...next, ...inner, ...throws, ...this.#durability() }
  }

  /** A write that depends on nothing but the writes before it. */
  #oneOfMany(): Write | BatchCommand {
    const random = this.#random
    const name = random.pick(['put', 'put', 'delete', 'putIfAbsent', 'update', 'batch', 'clear'] as const)
    if (name !== 'update') return this.#make(name) as Write | BatchCommand
    return { do: name, ks: this.#ks(), key: this.#texts.key(), next: this.#texts.value() }
  }

  #tx(): { readonly tx?: number } {
    return this.#random.chance(0.3) ? { tx: this.#random.below(8) } : {}
  }

  /** What a callback may do. */
  #simple(): Command {
    const names = ['put', 'delete', 'read', 'batch', 'snapshot', 'scanNext', 'checkpoint', 'clear'] as const
    return this.#make(this.#random.pick(names.filter((name) => name === 'put' || this.#weights[name] > 0)))
  }

  /** What is tried on a database that was opened read-only. */
  #lookedAt(): Command {
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
        const { limit: _limit, offset: _offset, ...range } = this.#narrowRange()
        return { ks, do: 'deleteRange', range }
      }
      case 'clear':
        return { ks, do: 'clear' }
    }
  }

  #read(): Read {
    const random = this.#random
    const read = random.weighted(READ_WEIGHTS)
    switch (read) {
      case 'get':
      case 'has':
        return { read, key: this.#texts.key() }
      case 'getMany':
        return { read, keys: this.#times(random.between(0, 5), () => this.#texts.key()) }
      case 'scan': {
        const end = random.chance(0.4) ? { end: random.pick(ENDS) } : {}
        const stages = random.chance(0.3) ? { stages: this.#stages() } : {}
        return { read, part: this.#part(), ...this.#maybeRange(), ...stages, ...end }
      }
      case 'count':
      case 'estimate':
        return { read, ...this.#maybeRange() }
      case 'cursor':
        return { read, range: this.#bounds(), moves: this.#moves() }
    }
  }

  #moves(): Move[] {
    const random = this.#random
    return this.#times(random.between(1, 14), () => {
      const move = random.weighted({ first: 2, last: 2, next: 8, previous: 8, seek: 4 })
      return move === 'seek' ? { seek: this.#texts.key() } : move
    })
  }

  #stages(): Stage[] {
    const random = this.#random
    return this.#times(random.pick([0, 0, 1, 2]), (): Stage => {
      const name = random.pick(['map', 'filter', 'flatMap', 'take', 'drop'] as const)
      return name === 'take' || name === 'drop' ? [name, random.below(5)] : [name]
    })
  }

  #part(): 'entries' | 'keys' | 'values' {
    return this.#random.pick(['entries', 'entries', 'keys', 'values'])
  }

  #maybeRange(): { readonly range?: TextRange } {
    return this.#random.chance(0.15) ? {} : { range: this.#range() }
  }

  #range(): TextRange {
    const random = this.#random
    return {
      ...this.#bounds(),
      ...(random.chance(0.5) ? { limit: random.pick([0, 1, 2, 3, 5, 20]) } : {}),
      ...(random.chance(0.25) ? { offset: random.pick([0, 1, 2, 7, 100]) } : {}),
    }
  }

  /** A range that seldom holds everything. */
  #narrowRange(): TextRange {
    const random = this.#random
    if (random.chance(0.05)) return this.#range()
    return random.chance(0.5)
      ? { ...this.#range(), limit: random.between(0, 5) }
      : { ...this.#range(), gte: this.#texts.key(), lt: this.#texts.key() }
  }

  #bounds(): TextRange {
    const random = this.#random
    const bound = (name: 'gt' | 'gte' | 'lt' | 'lte', probability: number): TextRange =>
      random.chance(probability) ? { [name]: this.#texts.key() } : {}
    return {
      ...bound('gt', 0.2),
      ...bound('gte', 0.3),
      ...bound('lt', 0.3),
      ...bound('lte', 0.2),
      ...(random.chance(0.2) ? { prefix: this.#texts.prefix() } : {}),
      ...(random.chance(0.4) ? { reverse: random.chance(0.8) } : {}),
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

  #times<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make)
  }
}
