import { Database } from '@ldb/core'
import type { Keyspace, KeyspaceOptions, Snapshot } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { Violation } from '../../violation.js'
import { resultOf, NoTarget, formatValue } from '../commands/result.js'
import type { Command, CursorCommand, ScanCommand, Write } from '../commands/commands.js'
import { imageAfterKill } from './memory-image.js'
import { misuse } from '../commands/misuse.js'
import { formatKeyspaces, formatReport, formatStats } from './format.js'
import { KEYSPACE_NAMES, optionsOf, READS_MAX } from '../commands/run-settings.js'
import type { RunSettings } from '../commands/run-settings.js'
import { SessionReads } from './reads.js'
import type { TextReads } from './reads.js'
import { SessionTransactions } from './transactions.js'
import { slotOf } from './slot.js'
import type { Slot } from './slot.js'
import { SessionWrites } from './writes.js'
import { keyTexts, valueTexts } from '../commands/texts.js'
import type { KeyTexts, ValueTexts } from '../commands/texts.js'

/** Where the database is kept. */
export interface DatabaseLocation {
  readonly vfs: Vfs
  readonly directory: string
  /** Nothing is kept: there is no reopening. */
  readonly isMemoryOnly?: boolean
}

/** Does every command with a real database. */
export class Session {
  readonly #settings: RunSettings
  readonly #reads: SessionReads = new SessionReads()
  readonly #writes: SessionWrites = new SessionWrites((command) => this.execute(command))
  #location: DatabaseLocation
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

  constructor(settings: RunSettings, place: DatabaseLocation) {
    this.#settings = settings
    this.#location = place
    this.transactions = new SessionTransactions(this.#reads, (ks) => this.slot(ks))
    this.#db = this.#open(false)
  }

  /** The open database. */
  get database(): Database {
    return this.#db
  }

  /** Returns the answer to a command, and does what it asks for. */
  execute(command: Command): string {
    const answer = resultOf(() => this.#executeCommand(command))
    this.assertNoFailures()
    return answer
  }

  /** Throws when the database has told of an error. */
  assertNoFailures(): void {
    if (this.#failures.length > 0)
      throw new Violation('an error event where nothing fails', { cause: this.#failures[0] })
  }

  /** Closes the database, unless that was done, and opens it. */
  reopen(readOnly: boolean): void {
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
          .map(
            ([key, value]) => `${formatValue(toKey.fromKey(key))}=${formatValue(toValue.fromValue(value))}`,
          )
        return `${name}: ${entries.toArray().join()}`
      })
      .join('\n')
  }

  /** Leaves the process without a word, and gives the number of the commit at which the database is found again. */
  crash(): number {
    const { vfs, directory } = this.#location
    this.#crashCount++
    this.#location = { vfs: imageAfterKill(vfs, directory, 1_000 + this.#crashCount), directory }
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
    const { vfs, directory, isMemoryOnly } = this.#location
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
    this.#reads.reset()
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

  #executeCommand(command: Command): string {
    switch (command.do) {
      case 'put':
      case 'putIfAbsent':
      case 'delete':
      case 'deleteRange':
      case 'clear':
      case 'swap':
      case 'update':
        return this.#writes.write(this.slot(command.ks), command)
      case 'batch':
        return this.#writes.batch(this.#db, command, this.#slots)
      case 'fill':
      case 'thin':
        return this.#writes.bulk(this.#db, command, this.slot(command.ks))
      case 'read':
        return this.#reads.read(this.#readsAt(command.ks, command.from), command)
      case 'scanOpen':
      case 'scanNext':
      case 'scanEnd':
        return this.#reads.scan(command, () => this.#readsOf(command))
      case 'cursorOpen':
      case 'cursorMove':
      case 'cursorEnd':
        return this.#reads.cursor(command, () => this.#readsOf(command))
      case 'txBegin':
      case 'txStep':
      case 'txCommit':
      case 'txRollback':
      case 'txForget':
      case 'transaction':
        return this.transactions.execute(this.#db, command)
      case 'together':
        return command.writes.map((write) => this.execute(write)).join('; ')
      case 'keyspace':
        return this.#keyspace(command.ks, command.keys, command.values)
      case 'misuse':
        return misuse(this.#db, command.what)
      default:
        return this.#executeOnDatabase(command)
    }
  }

  #executeOnDatabase(command: Exclude<Command, Write>): string {
    switch (command.do) {
      case 'snapshot':
        if (this.snapshots.length >= READS_MAX) return 'enough'
        this.snapshots.push(this.#db.snapshot())
        return 'open'
      case 'release': {
        const [snapshot] = this.snapshots.splice(command.pick % Math.max(1, this.snapshots.length), 1)
        if (snapshot === undefined) throw new NoTarget()
        snapshot.release()
        return 'released'
      }
      case 'drop':
        this.#db.dropKeyspace(KEYSPACE_NAMES[command.ks] as string)
        return 'dropped'
      case 'keyspaces':
        return formatKeyspaces(this.#db.keyspaces())
      case 'stats':
        return formatStats(this.#db.stats())
      case 'verify':
        return formatReport(this.#db.verify())
      case 'sync':
      case 'checkpoint':
      case 'compact':
        this.#db[command.do]()
        return 'done'
      case 'reopen':
        this.reopen(false)
        return this.dump()
      case 'readOnly': {
        this.reopen(true)
        const answers = command.commands.map((inner) => this.execute(inner))
        this.reopen(false)
        return answers.join('\n')
      }
      case 'changes':
        // Whoever has promises follows them.
        if (!this.isReadOnly) this.#db.sync()
        return 'agree'
      case 'time':
      case 'jump': {
        const { vfs } = this.#location
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

  /** The handle of a slot. */
  slot(ks: number): Slot {
    const slot = this.#slots[ks]
    if (slot === undefined) throw new NoTarget()
    return slot
  }

  #readsOf(command: ScanCommand | CursorCommand): TextReads {
    if (!('ks' in command)) throw new NoTarget()
    if (command.tx !== undefined) return this.transactions.reads(command.tx, command.ks)
    return this.#readsAt(command.ks, command.from)
  }

  #readsAt(ks: number, from: number | undefined): TextReads {
    const { keyspace, keys, values } = this.slot(ks)
    if (from === undefined) return { reads: keyspace, keys, values }
    const snapshot = this.snapshots[from % Math.max(1, this.snapshots.length)]
    if (snapshot === undefined) throw new NoTarget()
    return {
      reads: ks === 0 ? (snapshot as unknown as TextReads['reads']) : snapshot.in(keyspace),
      keys,
      values,
    }
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
