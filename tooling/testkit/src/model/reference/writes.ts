import { ExpectedError, formatValue, CallbackError } from '../commands/result.js'
import { expand, filledKey, filledValue } from '../commands/commands.js'
import type { BatchStep, BulkCommand, Command, Durability, TextRange, Write } from '../commands/commands.js'
import type { ReferenceKeyspace } from './keyspace.js'
import type { ReferenceState } from './state.js'
import { checkDeletedRange, spanOf } from './sorted-entries.js'

/** Writes of the reference. */
export class ReferenceWrites {
  readonly #state: ReferenceState
  /** Executes the commands of an update callback. */
  readonly #executeInner: (command: Command) => string

  constructor(state: ReferenceState, result: (command: Command) => string) {
    this.#state = state
    this.#executeInner = result
  }

  /** Executes one write to one keyspace. */
  write(command: Write): string {
    const keyspace = this.#state.slot(command.ks)
    this.#state.assertWritable(keyspace)
    const { entries } = keyspace
    const before =
      command.do === 'deleteRange' || command.do === 'clear'
        ? undefined
        : this.#state.get(keyspace, command.key)
    const { commits } = this.#state
    switch (command.do) {
      case 'put':
        commits.put(entries, expand(command.key), expand(command.value))
        break
      case 'delete':
        commits.delete(entries, expand(command.key))
        break
      case 'clear':
        commits.recordWrite(entries)
        commits.removeSpan(entries, 0, entries.size)
        break
      case 'deleteRange':
        return this.#deleteRange(keyspace, command.range, command.durability)
      case 'putIfAbsent':
        if (before !== undefined) return 'false'
        commits.put(entries, expand(command.key), expand(command.value))
        this.#state.commit(command.durability)
        return 'true'
      case 'swap':
        return this.#swap(keyspace, command, before)
      case 'update':
        return this.#update(keyspace, command, before)
    }
    this.#state.commit(command.durability)
    return 'done'
  }

  #deleteRange(keyspace: ReferenceKeyspace, range: TextRange, durability: Durability | undefined): string {
    checkDeletedRange(range, (text) => this.#state.checkKey(keyspace, text))
    const span = spanOf(keyspace.entries, range, keyspace.keys)
    if (span.isEmpty) return 'done'
    const { offset = 0, limit = Infinity, reverse = false } = range
    const count = Math.max(0, Math.min(limit, span.end - span.start - offset))
    // With `limit` or `offset`, the range delete first reads the entries, and commits nothing when it finds none.
    if (count === 0 && (offset > 0 || limit !== Infinity)) return 'done'
    this.#state.commits.recordWrite(keyspace.entries)
    const start = reverse ? span.end - offset - count : span.start + offset
    this.#state.commits.removeSpan(keyspace.entries, start, start + count)
    this.#state.commit(durability)
    return 'done'
  }

  #swap(keyspace: ReferenceKeyspace, command: Write & { do: 'swap' }, before: string | undefined): string {
    const { expected } = command
    const matches = expected === 'same' || (expected === 'absent' && before === undefined)
    const next = command.next === undefined ? undefined : expand(command.next)
    const hasExpected = expected === 'other' || (expected === 'same' && before !== undefined)
    if (!matches) return 'false'
    if (next !== undefined) {
      this.#state.commits.put(keyspace.entries, expand(command.key), next)
      this.#state.commit(command.durability)
    } else if (hasExpected) {
      this.#state.commits.delete(keyspace.entries, expand(command.key))
      this.#state.commit(command.durability)
    }
    return 'true'
  }

  #update(
    keyspace: ReferenceKeyspace,
    command: Write & { do: 'update' },
    before: string | undefined,
  ): string {
    const inner = (command.inner ?? []).map((each) => this.#executeInner(each))
    if (command.throws === true) throw new CallbackError()
    this.#state.assertWritable(keyspace)
    const key = expand(command.key)
    if (keyspace.entries.get(key) !== before) throw new ExpectedError('LDB_CONFLICT')
    if (command.next !== undefined) {
      this.#state.commits.put(keyspace.entries, key, expand(command.next))
      this.#state.commit(command.durability)
    } else if (before !== undefined) {
      this.#state.commits.delete(keyspace.entries, key)
      this.#state.commit(command.durability)
    }
    return `${formatValue(before)} ${inner.join()}`
  }

  /** Commits a batch. */
  batch(steps: readonly BatchStep[], durability: Durability | undefined): string {
    if (this.#state.readOnly) throw new ExpectedError('LDB_READ_ONLY')
    const targets = steps.map((step) => this.#state.slotOf(step.ks))
    const present = steps.filter((_, index) => targets[index] !== undefined)
    for (const step of present) {
      const keyspace = this.#state.slot(step.ks)
      if (keyspace.dropped) throw new ExpectedError('LDB_NOT_FOUND')
      if (step.do === 'put' || step.do === 'delete') this.#state.checkKey(keyspace, step.key)
      if (step.do === 'deleteRange')
        checkDeletedRange(step.range, (text) => this.#state.checkKey(keyspace, text))
    }
    let count = 0
    for (const step of present) {
      const { entries, keys } = this.#state.slot(step.ks)
      if (step.do === 'put') this.#state.commits.put(entries, expand(step.key), expand(step.value))
      else if (step.do === 'delete') this.#state.commits.delete(entries, expand(step.key))
      else if (step.do === 'clear') {
        this.#state.commits.recordWrite(entries)
        this.#state.commits.removeSpan(entries, 0, entries.size)
      } else {
        const span = spanOf(entries, step.range, keys)
        if (span.isEmpty) continue
        this.#state.commits.recordWrite(entries)
        this.#state.commits.removeSpan(entries, span.start, span.end)
      }
      count++
    }
    if (count > 0) this.#state.commit(durability)
    return `${count}`
  }

  /** Commits a batch over a group of keys. */
  bulk(command: BulkCommand): string {
    if (this.#state.readOnly) throw new ExpectedError('LDB_READ_ONLY')
    const keyspace = this.#state.slot(command.ks)
    this.#state.assertWritable(keyspace)
    const { group, count } = command
    for (let index = 0; index < count; index++) {
      const key = filledKey(group, index)
      if (command.do === 'fill')
        this.#state.commits.put(keyspace.entries, key, filledValue(group, index, command.bytes))
      else if (index % command.every === 0) this.#state.commits.delete(keyspace.entries, key)
    }
    this.#state.commit(undefined)
    return 'done'
  }
}
