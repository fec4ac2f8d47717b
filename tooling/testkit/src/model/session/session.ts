import { Database } from '@ldb/core'
import type { Keyspace, KeyspaceOptions, Snapshot } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { Violation } from '../../violation.js'
import { answerOf, Nothing, shown, Whim } from '../commands/answer.js'
import { expand, filledKey, filledValue } from '../commands/commands.js'
import type {
  BatchStep,
  BulkCommand,
  Command,
  CursorCommand,
  Durability,
  ScanCommand,
  Write,
} from '../commands/commands.js'
import { imageAfterKill } from './memory-image.js'
import { misuse } from '../commands/misuse.js'
import { shownKeyspaces, shownReport, shownStats } from './answers.js'
import { KEYSPACE_NAMES, optionsOf, READS_MAX } from '../commands/run-settings.js'
import type { RunSettings } from '../commands/run-settings.js'
import { rangeOptionsOf, SessionReads } from './reads.js'
import type { TextReads } from './reads.js'
import { SessionTransactions } from './transactions.js'
import type { Slot } from './transactions.js'
import { keyTexts, valueTexts } from '../commands/texts.js'
import type { KeyTexts, ValueTexts } from '../commands/texts.js'

/** Where the database is kept. */
export interface Place {
  readonly vfs: Vfs
  readonly directory: string
  /** Nothing is kept: there is no reopening. */
  readonly isMemoryOnly?: boolean
}

/** Does every command with a real database. */
export class Session {
  readonly #settings: RunSettings
  readonly #reads: SessionReads = new SessionReads()
  #place: Place
  #db: Database
  #slots: (Slot | undefined)[] = []
  /** What another face has opened is put here too. */
  snapshots: Snapshot[] = []
  readonly transactions: SessionTransactions
  #crashCount = 0
  /** It is open read-only just now. */
  isReadOnly = false
  /** What the listeners heard of. */
  readonly #failures: unknown[] = []

  constructor(settings: RunSettings, place: Place) {
    this.#settings = settings
    this.#place = place
    this.transactions = new SessionTransactions(this.#reads, (ks) => this.slot(ks))
    this.#db = this.#open(false)
  }

  /** The open database. */
  get database(): Database {
    return this.#db
  }

  /** Returns the answer to a command, and does what it asks for. */
  answer(command: Command): string {
    const answer = answerOf(() => this.#answer(command))
    this.assertNoFailures()
    return answer
  }

  /** Throws when the database has told of an error. */
  assertNoFailures(): void {
    if (this.#failures.length > 0)
      throw new Violation('an error event where nothing fails', { cause: this.#failures[0] })
  }

  /** Closes the database, unless that was done, and opens it. */
  openAgain(readOnly: boolean): void {
    this.#db.close()
    this.#db = this.#open(readOnly)
  }

  /** Writes out everything. */
  dump(): string {
    return this.#db
      .keyspaces()
      .map(({ name, keys, values }) => {
        const keyspace = this.#db.keyspace(name) as unknown as Keyspace<unknown, unknown>
        const [toKey, toValue] = [keyTexts(keys) as KeyTexts, valueTexts(values) as ValueTexts]
        const entries = keyspace
          .entries()
          .map(([key, value]) => `${shown(toKey.fromKey(key))}=${shown(toValue.fromValue(value))}`)
        return `${name}: ${entries.toArray().join()}`
      })
      .join('\n')
  }

  /** Leaves the process without a word, and gives the number of the commit at which the database is found again. */
  crash(): number {
    const { vfs, directory } = this.#place
    this.#crashCount++
    this.#place = { vfs: imageAfterKill(vfs, directory, 1_000 + this.#crashCount), directory }
    using look = this.#open(true)
    const { seq } = look
    look.close()
    this.#db = this.#open(false)
    if (this.#db.seq !== seq)
      throw new Violation(`read-only, the newest commit was ${seq}, then ${this.#db.seq}`)
    return seq
  }

  /** Closes the database. */
  close(): void {
    this.#db.close()
  }

  #open(readOnly: boolean): Database {
    this.isReadOnly = readOnly
    const { vfs, directory, isMemoryOnly } = this.#place
    const options = optionsOf(this.#settings)
    const db =
      isMemoryOnly === true
        ? Database.memory(options)
        : Database.open(directory, { ...options, vfs, readOnly })
    db.on('error', ({ error }) => {
      this.#failures.push(error)
    })
    db.on('checkpoint', ({ seq }) => {
      if (seq > db.seq) this.#failures.push(new Violation(`checkpoint of commit ${seq} before it was there`))
    })
    this.#slots = []
    this.snapshots = []
    this.#reads.forget()
    this.transactions.open = []
    for (const { name } of db.keyspaces()) {
      const ks = KEYSPACE_NAMES.indexOf(name)
      if (ks >= 0)
        this.#slots[ks] = slotOf(
          ks === 0 ? (db as unknown as Keyspace<unknown, unknown>) : db.keyspace(name),
          db,
          name,
        )
    }
    return db
  }

  #answer(command: Command): string {
    switch (command.do) {
      case 'put':
      case 'putIfAbsent':
      case 'delete':
      case 'deleteRange':
      case 'clear':
      case 'swap':
      case 'update':
        return this.#write(this.slot(command.ks), command)
      case 'batch':
        return this.#batch(command.steps, command.durability)
      case 'fill':
      case 'thin':
        return this.#bulk(command)
      case 'read':
        return this.#reads.read(this.#view(command.ks, command.from), command)
      case 'scanOpen':
      case 'scanNext':
      case 'scanEnd':
        return this.#reads.scan(command, () => this.#viewOf(command))
      case 'cursorOpen':
      case 'cursorMove':
      case 'cursorEnd':
        return this.#reads.cursor(command, () => this.#viewOf(command))
      case 'txBegin':
      case 'txStep':
      case 'txCommit':
      case 'txRollback':
      case 'txForget':
      case 'transaction':
        return this.transactions.answer(this.#db, command)
      case 'together':
        return command.writes.map((write) => this.answer(write)).join('; ')
      case 'keyspace':
        return this.#keyspace(command.ks, command.keys, command.values)
      case 'misuse':
        return misuse(this.#db, command.what)
      default:
        return this.#whole(command)
    }
  }

  #whole(command: Exclude<Command, Write>): string {
    switch (command.do) {
      case 'snapshot':
        if (this.snapshots.length >= READS_MAX) return 'enough'
        this.snapshots.push(this.#db.snapshot())
        return 'open'
      case 'release': {
        const [snapshot] = this.snapshots.splice(command.pick % Math.max(1, this.snapshots.length), 1)
        if (snapshot === undefined) throw new Nothing()
        snapshot.release()
        return 'released'
      }
      case 'drop':
        this.#db.dropKeyspace(KEYSPACE_NAMES[command.ks] as string)
        return 'dropped'
      case 'keyspaces':
        return shownKeyspaces(this.#db.keyspaces())
      case 'stats':
        return shownStats(this.#db.stats())
      case 'verify':
        return shownReport(this.#db.verify())
      case 'sync':
      case 'checkpoint':
      case 'compact':
        this.#db[command.do]()
        return 'done'
      case 'reopen':
        this.openAgain(false)
        return this.dump()
      case 'readOnly': {
        this.openAgain(true)
        const answers = command.commands.map((inner) => this.answer(inner))
        this.openAgain(false)
        return answers.join('\n')
      }
      case 'changes':
        // Whoever has promises follows them.
        if (!this.isReadOnly) this.#db.sync()
        return 'agree'
      case 'time':
      case 'jump': {
        const { vfs } = this.#place
        if (vfs instanceof MemoryVfs) {
          if (command.do === 'time') vfs.time.advance(command.ms)
          else vfs.time.jump(command.ms)
        }
        return 'passed'
      }
      default:
        throw new Violation(`a command that this cannot do: ${command.do}`)
    }
  }

  hasSlot(ks: number): boolean {
    return this.#slots[ks] !== undefined
  }

  /** What a swap is to expect. */
  expectedOf(command: Write & { readonly do: 'swap' }): unknown {
    const { keyspace, keys, values } = this.slot(command.ks)
    return this.#expected(keyspace, keys, values, command)
  }

  /** The handle of a slot. */
  slot(ks: number): Slot {
    const slot = this.#slots[ks]
    if (slot === undefined) throw new Nothing()
    return slot
  }

  #viewOf(command: ScanCommand | CursorCommand): TextReads {
    if (!('ks' in command)) throw new Nothing()
    if (command.tx !== undefined) return this.transactions.view(command.tx, command.ks)
    return this.#view(command.ks, command.from)
  }

  #view(ks: number, from: number | undefined): TextReads {
    const { keyspace, keys, values } = this.slot(ks)
    if (from === undefined) return { reads: keyspace, keys, values }
    const snapshot = this.snapshots[from % Math.max(1, this.snapshots.length)]
    if (snapshot === undefined) throw new Nothing()
    return {
      reads: ks === 0 ? (snapshot as unknown as TextReads['reads']) : snapshot.in(keyspace),
      keys,
      values,
    }
  }

  #write({ keyspace, keys, values }: Slot, command: Write): string {
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
          keyspace.compareAndSwap(key, this.#expected(keyspace, keys, values, command), next, options),
        )
      }
      case 'update': {
        const inner: string[] = []
        let before = ''
        keyspace.update(
          keys.toKey(expand(command.key)),
          (value) => {
            before = shown(value === undefined ? undefined : values.fromValue(value))
            for (const each of command.inner ?? []) inner.push(this.answer(each))
            if (command.throws === true) throw new Whim()
            return command.next === undefined ? undefined : values.toValue(expand(command.next))
          },
          options,
        )
        return `${before} ${inner.join()}`
      }
    }
  }

  #expected(
    keyspace: Slot['keyspace'],
    keys: KeyTexts,
    values: ValueTexts,
    command: Write & { readonly do: 'swap' },
  ): unknown {
    const text = expand(command.key)
    if (command.expected === 'absent' || keys.byteLength(text) > 65_535) return undefined
    const before = keyspace.get(keys.toKey(text))
    if (command.expected === 'same') return before
    return values.toValue(`${before === undefined ? '' : values.fromValue(before)}!`)
  }

  #batch(steps: readonly BatchStep[], durability: Durability | undefined): string {
    const batch = this.#db.batch()
    for (const step of steps) {
      const slot = this.#slots[step.ks]
      if (slot === undefined) continue
      const target = batch.in(slot.keyspace)
      if (step.do === 'put')
        target.put(slot.keys.toKey(expand(step.key)), slot.values.toValue(expand(step.value)))
      else if (step.do === 'delete') target.delete(slot.keys.toKey(expand(step.key)))
      else if (step.do === 'clear') target.clear()
      else target.deleteRange(rangeOptionsOf(step.range, slot.keys) ?? {})
    }
    const count = batch.operationCount
    batch.commit(durability === undefined ? undefined : { durability })
    return `${count}`
  }

  #bulk(command: BulkCommand): string {
    const batch = this.#db.batch()
    const { keyspace, keys, values } = this.slot(command.ks)
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

  #keyspace(ks: number, keys: string | undefined, values: string | undefined): string {
    const name = KEYSPACE_NAMES[ks] as string
    const present = this.#db.keyspaces().find((descriptor) => descriptor.name === name)
    const options = {
      ...(keys !== undefined || present === undefined ? { keys: keys ?? this.#settings.keys } : {}),
      ...(values !== undefined || present === undefined ? { values: values ?? this.#settings.values } : {}),
    } as KeyspaceOptions<unknown, unknown>
    const keyspace = this.#db.keyspace<unknown, unknown>(name, options)
    this.#slots[ks] = slotOf(keyspace, this.#db, name)
    return 'open'
  }
}

function slotOf(keyspace: Keyspace<unknown, unknown>, db: Database, name: string): Slot {
  const descriptor = db.keyspaces().find((each) => each.name === name)
  const keys = keyTexts(descriptor?.keys ?? '')
  const values = valueTexts(descriptor?.values ?? '')
  if (keys === undefined || values === undefined)
    throw new Violation(`keyspace ${name} has unknown encodings`)
  return { keyspace, keys, values }
}
