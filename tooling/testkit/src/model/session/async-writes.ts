import type { AsyncDatabaseHandle, AsyncKeyspaceWrites } from '@ldb/core'
import { formatValue, CallbackError } from '../commands/result.js'
import { expand, filledKey, filledValue } from '../commands/commands.js'
import type { BatchCommand, BulkCommand, Write } from '../commands/commands.js'
import type { KeyConversion, ValueConversion } from '../commands/conversions.js'
import { rangeOptionsOf } from './reads.js'
import type { Session } from './session.js'
import { expectedValue } from './writes.js'

/** An async keyspace handle and the conversions between command strings and its keys and values. */
interface AsyncSlot {
  readonly keyspace: AsyncKeyspaceWrites<unknown, unknown>
  readonly keys: KeyConversion
  readonly values: ValueConversion
}

/** Writes through the async API of a real database. */
export class AsyncSessionWrites {
  readonly #sync: Session

  /** @param sync - the sync session on the same database. */
  constructor(sync: Session) {
    this.#sync = sync
  }

  get #db(): AsyncDatabaseHandle {
    return this.#sync.database.promises
  }

  /** Returns the async handle of a slot. */
  slot(ks: number): AsyncSlot {
    const { keyspace, keys, values } = this.#sync.slot(ks)
    const handle = ks === 0 ? (this.#db as unknown as AsyncSlot['keyspace']) : this.#db.of(keyspace)
    return { keyspace: handle, keys, values }
  }

  /** Executes one write to one keyspace. */
  async write(command: Write): Promise<string> {
    const { keyspace, keys, values } = this.slot(command.ks)
    const { durability } = command
    const options = durability === undefined ? undefined : { durability }
    switch (command.do) {
      case 'put':
        await keyspace.put(keys.toKey(expand(command.key)), values.toValue(expand(command.value)), options)
        return 'done'
      case 'delete':
        await keyspace.delete(keys.toKey(expand(command.key)), options)
        return 'done'
      case 'clear':
        await keyspace.clear(options)
        return 'done'
      case 'deleteRange':
        await keyspace.deleteRange(rangeOptionsOf(command.range, keys) ?? {}, options)
        return 'done'
      case 'putIfAbsent': {
        const key = keys.toKey(expand(command.key))
        return String(await keyspace.putIfAbsent(key, values.toValue(expand(command.value)), options))
      }
      case 'swap': {
        const key = keys.toKey(expand(command.key))
        const next = command.next === undefined ? undefined : values.toValue(expand(command.next))
        const expected = expectedValue(this.#sync.slot(command.ks), command)
        return String(await keyspace.compareAndSwap(key, expected, next, options))
      }
      case 'update': {
        const inner: string[] = []
        let before = ''
        await keyspace.update(
          keys.toKey(expand(command.key)),
          (value) => {
            before = formatValue(value === undefined ? undefined : values.fromValue(value))
            // The callback uses the sync API.
            for (const each of command.inner ?? []) inner.push(this.#sync.execute(each))
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
  async batch({ steps, durability }: BatchCommand): Promise<string> {
    const batch = this.#db.batch()
    for (const step of steps) {
      if (!this.#sync.hasSlot(step.ks)) continue
      const { keyspace, keys, values } = this.slot(step.ks)
      const target = batch.in(keyspace)
      if (step.do === 'put') target.put(keys.toKey(expand(step.key)), values.toValue(expand(step.value)))
      else if (step.do === 'delete') target.delete(keys.toKey(expand(step.key)))
      else if (step.do === 'clear') target.deleteRange({ gte: keys.toKey('') })
      else target.deleteRange(rangeOptionsOf(step.range, keys) ?? {})
    }
    const count = batch.operationCount
    await batch.commit(durability === undefined ? undefined : { durability })
    return `${count}`
  }

  /** Commits one batch over a group of keys. */
  async bulk(command: BulkCommand): Promise<string> {
    const batch = this.#db.batch()
    const { keyspace, keys, values } = this.slot(command.ks)
    const target = batch.in(keyspace)
    const { group, count } = command
    for (let index = 0; index < count; index++) {
      const key = keys.toKey(filledKey(group, index))
      if (command.do === 'fill') target.put(key, values.toValue(filledValue(group, index, command.bytes)))
      else if (index % command.every === 0) target.delete(key)
    }
    await batch.commit()
    return 'done'
  }
}
