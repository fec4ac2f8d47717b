import { Database } from '@ldb/core'
import type { Keyspace, KeyspaceOptions, Snapshot } from '@ldb/core'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { Violation } from '../../base/violation.js'
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
import { keyConversion, valueConversion } from '../commands/conversions.js'
import type { KeyConversion, ValueConversion } from '../commands/conversions.js'

/** The file system and directory of a database. */
export interface DatabaseLocation {
  readonly vfs: Vfs
  readonly directory: string
  /** True for a database without files, which cannot be reopened. */
  readonly isMemoryOnly?: boolean
}

/** Executes commands through the sync API of a real database. */
export class Session {
  readonly #settings: RunSettings
  readonly #reads: SessionReads = new SessionReads()
  readonly #writes: SessionWrites = new SessionWrites((command) => this.execute(command))
  #location: DatabaseLocation
  #db: Database
  #slots: (Slot | undefined)[] = []
  /** Open snapshots, including those that an async session opened. */
  snapshots: Snapshot[] = []
  readonly transactions: SessionTransactions
  #crashCount = 0
  /** True while the database is open read-only. */
  isReadOnly = false
  /** Errors that event listeners received. */
  readonly #failures: unknown[] = []

  constructor(settings: RunSettings, location: DatabaseLocation) {
    this.#settings = settings
    this.#location = location
    this.transactions = new SessionTransactions(this.#reads, (ks) => this.slot(ks))
    this.#db = this.#open(false)
  }

  /** The open database. */
  get database(): Database {
    return this.#db
  }

  /** Executes a command and returns its result. */
  execute(command: Command): string {
    const result = resultOf(() => this.#executeCommand(command))
    this.assertNoFailures()
    return result
  }

  /** Throws when the database has emitted an error event. */
  assertNoFailures(): void {
    if (this.#failures.length > 0)
      throw new Violation('an error event without a fault', { cause: this.#failures[0] })
  }

  /** Closes the database if it is open, and opens it again. */
  reopen(readOnly: boolean): void {
    this.#db.close()
    this.#db = this.#open(readOnly)
  }

  /** Returns the whole content as a string. */
  dump(): string {
    return this.#db
      .keyspaces()
      .map(({ name, keys, values }) => {
        const keyspace = this.#db.keyspace(name) as unknown as Keyspace<unknown, unknown>
        const [toKey, toValue] = [
          keyConversion(keys) as KeyConversion,
          valueConversion(values) as ValueConversion,
        ]
        const entries = keyspace
          .entries()
          .map(
            ([key, value]) => `${formatValue(toKey.fromKey(key))}=${formatValue(toValue.fromValue(value))}`,
          )
        return `${name}: ${entries.toArray().join()}`
      })
      .join('\n')
  }

  /** Ends the process without a close, recovers the database and returns the number of its newest commit. */
  crash(): number {
    const { vfs, directory } = this.#location
    this.#crashCount++
    this.#location = { vfs: imageAfterKill(vfs, directory, 1_000 + this.#crashCount), directory }
    using reader = this.#open(true)
    const { seq } = reader
    reader.close()
    this.#db = this.#open(false)
    if (this.#db.seq !== seq)
      throw new Violation(`the newest commit was ${seq} read-only and ${this.#db.seq} after the reopen`)
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
      if (seq > db.seq)
        this.#failures.push(new Violation(`checkpoint of commit ${seq} before the commit was visible`))
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
        const results = command.commands.map((inner) => this.execute(inner))
        this.reopen(false)
        return results.join('\n')
      }
      case 'changes':
        // Only async sessions read the change stream.
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
        throw new Violation(`unsupported command: ${command.do}`)
    }
  }

  hasSlot(ks: number): boolean {
    return this.#slots[ks] !== undefined
  }

  /** Returns the handle of a slot. @throws NoTarget when the slot is empty. */
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
