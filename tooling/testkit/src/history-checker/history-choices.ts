import { KEYSPACES } from '../suite/isolation-subject.js'
import type { ScanRange } from '../suite/isolation-subject.js'
import type { TestRandom } from '../base/test-random.js'

/** The next step of a transaction. Names are `keyspace/key`. */
export type PlannedStep =
  | { readonly do: 'get' | 'lock' | 'delete'; readonly name: string }
  | { readonly do: 'put'; readonly name: string; readonly value: string }
  | { readonly do: 'scan'; readonly keyspace: string; readonly range: ScanRange }
  | { readonly do: 'deleteRange'; readonly keyspace: string; readonly gte: string; readonly lt: string }
  /** Writes after a savepoint, rolls back to it, and reads the key. */
  | {
      readonly do: 'rolledBack'
      readonly name: string
      readonly value: string
      readonly range: { readonly gte: string; readonly lt: string } | undefined
    }

/** The shape of the keys and values of a history. */
export interface HistoryShape {
  readonly keyCount: number
  /** Bytes of padding appended to each value. @defaultValue 0 */
  readonly paddingBytes?: number
}

/** Chooses the steps of random transactions. Every written value is unique. */
export class HistoryChoices {
  readonly random: TestRandom
  readonly #shape: HistoryShape
  readonly #counters: { values: number }

  constructor(random: TestRandom, shape: HistoryShape, counters: { values: number } = { values: 0 }) {
    this.random = random
    this.#shape = shape
    this.#counters = counters
  }

  /** Returns independent choices of another client in the same run. Values stay unique across both. */
  fork(): HistoryChoices {
    return new HistoryChoices(this.random.fork(), this.#shape, this.#counters)
  }

  step(readOnly: boolean): PlannedStep {
    const { random } = this
    const name = this.name()
    const keyspace = name.slice(0, 1)
    const key = name.slice(2)
    const kind = random.weighted(
      readOnly
        ? { get: 5, scan: 3, lock: 0, put: 0, delete: 0, deleteRange: 0, rolledBack: 0 }
        : { get: 16, scan: 8, lock: 2, put: 12, delete: 4, deleteRange: 1, rolledBack: 1 },
    )
    switch (kind) {
      case 'get':
      case 'lock':
      case 'delete':
        return { do: kind, name }
      case 'scan':
        return { do: kind, keyspace, range: this.#range() }
      case 'put':
        return { do: kind, name, value: this.value() }
      case 'deleteRange':
        return { do: kind, keyspace, gte: key, lt: this.#keyAfter(key) }
      case 'rolledBack': {
        const range = random.chance(0.5) ? { gte: key, lt: this.#keyAfter(key) } : undefined
        return { do: kind, name, value: this.value(), range }
      }
    }
  }

  name(): string {
    return `${this.random.pick(KEYSPACES)}/${this.#key()}`
  }

  value(): string {
    return `v${++this.#counters.values}${'.'.repeat(this.#shape.paddingBytes ?? 0)}`
  }

  #range(): ScanRange {
    const { random } = this
    const first = this.#key()
    return {
      ...(random.chance(0.8) ? { gte: first } : {}),
      ...(random.chance(0.8) ? { lt: this.#keyAfter(first) } : {}),
      reverse: random.chance(0.4),
      limit: random.chance(0.5) ? random.between(1, 4) : 1_000,
    }
  }

  /** Returns a key above another by a small distance. It may be above every key in use. */
  #keyAfter(key: string): string {
    const number = Number(key.slice(1)) + this.random.between(1, 6)
    return `k${String(number).padStart(3, '0')}`
  }

  #key(): string {
    const { random } = this
    const { keyCount } = this.#shape
    // Skews the distribution towards a few hot keys.
    const number = random.chance(0.3) ? random.below(Math.min(3, keyCount)) : random.below(keyCount)
    return `k${String(number).padStart(3, '0')}`
  }
}
