import type { Database } from '@ldb/core'
import { formatValue, CallbackError } from '../commands/result.js'
import { expand, filledKey, filledValue } from '../commands/commands.js'
import type { BatchCommand, BulkCommand, Command, Write } from '../commands/commands.js'
import { rangeOptionsOf } from './reads.js'
import type { Slot } from './slot.js'

/** Writes through the sync API of a real database. */
export class SessionWrites {
  readonly #executeInner: (command: Command) => string

  /** @param execute - executes the commands that an update callback contains. */
  constructor(execute: (command: Command) => string) {
    this.#executeInner = execute
  }

  /** Executes one write to one keyspace. */
  write({ keyspace, keys, values }: Slot, command: Write): string {
    const { durability } = command
    const options = durability === undefined ? undefined : { durability }
    switch (command.do) {
      case 'put':
        keyspace.put(keys.toKey(expand(command.key)), values.toValue(expand(command.value)), options)
        return 'done'
      case 'delete':
        keyspace.delete(keys.toKey(expand(command.key)), options)
        return 'done'
      case 'clear':
        keyspace.clear(options)
        return 'done'
      case 'deleteRange':
        keyspace.deleteRange(rangeOptionsOf(command.range, keys) ?? {}, options)
        return 'done'
      case 'putIfAbsent':
        return String(
          keyspace.putIfAbsent(
            keys.toKey(expand(command.key)),
            values.toValue(expand(command.value)),
            options,
          ),
        )
      case 'swap': {
        const key = keys.toKey(expand(command.key))
        const next = command.next === undefined ? undefined : values.toValue(expand(command.next))
        return String(
          keyspace.compareAndSwap(key, expectedValue({ keyspace, keys, values }, command), next, options),
        )
      }
      case 'update': {
        const inner: string[] = []
        let before = ''
        keyspace.update(
          keys.toKey(expand(command.key)),
          (value) => {
            before = formatValue(value === undefined ? undefined : values.fromValue(value))
            for (const each of command.inner ?? []) inner.push(this.#executeInner(each))
            if (command.throws === true) throw new CallbackError()
            return command.next === undefined ? undefined : values.toValue(expand(command.next))
          },
          options,
        )
        return `${before} ${inner.join()}`
      }
    }
  }

  /** Commits a batch; steps whose slot has no handle are skipped. */
  batch(db: Database, { steps, durability }: BatchCommand, slots: readonly (Slot | undefined)[]): string {
    const batch = db.batch()
    for (const step of steps) {
      const slot = slots[step.ks]
      if (slot === undefined) continue
      const target = batch.in(slot.keyspace)
      if (step.do === 'put')
        target.put(slot.keys.toKey(expand(step.key)), slot.values.toValue(expand(step.value)))
      else if (step.do === 'delete') target.delete(slot.keys.toKey(expand(step.key)))
      else if (step.do === 'clear') target.deleteRange({ gte: slot.keys.toKey('') })
      else target.deleteRange(rangeOptionsOf(step.range, slot.keys) ?? {})
    }
    const count = batch.operationCount
    batch.commit(durability === undefined ? undefined : { durability })
    return `${count}`
  }

  /** Commits one batch over a group of keys. */
  bulk(db: Database, command: BulkCommand, { keyspace, keys, values }: Slot): string {
    const batch = db.batch()
    const target = batch.in(keyspace)
    const { group, count } = command
    for (let index = 0; index < count; index++) {
      const key = keys.toKey(filledKey(group, index))
      if (command.do === 'fill') target.put(key, values.toValue(filledValue(group, index, command.bytes)))
      else if (index % command.every === 0) target.delete(key)
    }
    batch.commit()
    return 'done'
  }
}

/** Returns the value that a compare-and-swap passes as expected. */
export function expectedValue(
  { keyspace, keys, values }: Slot,
  command: Write & { readonly do: 'swap' },
): unknown {
  const text = expand(command.key)
  if (command.expected === 'absent' || keys.byteLength(text) > 65_535) return undefined
  const before = keyspace.get(keys.toKey(text))
  if (command.expected === 'same') return before
  return values.toValue(`${before === undefined ? '' : values.fromValue(before)}!`)
}
