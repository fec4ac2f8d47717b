import type { AsyncDatabaseHandle, AsyncSnapshot } from '@ldb/core'
import { resultOfAsync, NoTarget } from '../commands/result.js'
import { AsyncSessionReads } from './async-reads.js'
import type { AsyncTextReads } from './async-reads.js'
import { AsyncSessionTransactions } from './async-transactions.js'
import { AsyncSessionWrites } from './async-writes.js'
import { ChangeMirror } from './change-mirror.js'
import type { Command, CommandName, Write } from '../commands/commands.js'
import { misuseAsync } from '../commands/misuse.js'
import { KEYSPACE_NAMES, READS_MAX } from '../commands/run-settings.js'
import type { RunSettings } from '../commands/run-settings.js'
import { formatKeyspaces, formatReport, formatStats } from './format.js'
import { Session } from './session.js'
import type { DatabaseLocation } from './session.js'

/** Commands that may run through the sync API in between: they open no object that the async API would not know. */
const SYNC_COMMANDS: ReadonlySet<CommandName> = new Set([
  'put',
  'delete',
  'deleteRange',
  'clear',
  'putIfAbsent',
  'swap',
  'update',
  'batch',
  'fill',
  'thin',
  'read',
  'keyspaces',
  'sync',
  'checkpoint',
  'compact',
  'verify',
  'stats',
  'transaction',
  'txStep',
  'txCommit',
  'together',
  'misuse',
])
/** One of this many commands runs through the sync API. */
const SYNC_INTERVAL = 6

/** Executes every command through the async API, on the database of a sync session that executes some of them. */
export class AsyncSession {
  readonly #sync: Session
  readonly #reads: AsyncSessionReads = new AsyncSessionReads()
  readonly #writes: AsyncSessionWrites
  readonly #transactions: AsyncSessionTransactions
  #snapshots: AsyncSnapshot[] = []
  #mirror: ChangeMirror
  #count = 0

  constructor(settings: RunSettings, location: DatabaseLocation) {
    this.#sync = new Session(settings, location)
    this.#transactions = new AsyncSessionTransactions(this.#reads, this.#sync.transactions, (ks) =>
      this.#sync.slot(ks),
    )
    this.#writes = new AsyncSessionWrites(this.#sync)
    this.#mirror = new ChangeMirror(this.#db)
  }

  get #db(): AsyncDatabaseHandle {
    return this.#sync.database.promises
  }

  /** Executes a command and returns its result. */
  async execute(command: Command): Promise<string> {
    if (SYNC_COMMANDS.has(command.do) && ++this.#count % SYNC_INTERVAL === 0)
      return this.#sync.execute(command)
    const result = await resultOfAsync(() => this.#executeCommand(command))
    this.#sync.assertNoFailures()
    return result
  }

  /** Returns the whole content as a string. */
  dump(): string {
    return this.#sync.dump()
  }

  /** Ends the process without a close and recovers; see `Session.crash`. */
  crash(): number {
    const seq = this.#sync.crash()
    this.#reset()
    return seq
  }

  async close(): Promise<void> {
    await this.#mirror.end()
    await this.#db.close()
  }

  #reset(): void {
    this.#snapshots = []
    this.#reads.reset()
    this.#transactions.reset()
    this.#mirror = new ChangeMirror(this.#db)
  }

  async #reopen(readOnly: boolean): Promise<void> {
    await this.#db.close()
    this.#sync.reopen(readOnly)
    this.#reset()
  }

  async #executeCommand(command: Command): Promise<string> {
    switch (command.do) {
      case 'put':
      case 'putIfAbsent':
      case 'delete':
      case 'deleteRange':
      case 'clear':
      case 'swap':
      case 'update':
        return this.#writes.write(command)
      case 'batch':
        return this.#writes.batch(command)
      case 'fill':
      case 'thin':
        return this.#writes.bulk(command)
      case 'together':
        // All writes are called before any is awaited.
        return (
          await Promise.all(
            command.writes.map((write) =>
              resultOfAsync(() =>
                write.do === 'batch' ? this.#writes.batch(write) : this.#writes.write(write),
              ),
            ),
          )
        ).join('; ')
      case 'read':
        return this.#reads.read(this.#readsAt(command.ks, command.from), command)
      case 'scanOpen':
      case 'scanNext':
      case 'scanEnd':
        return this.#reads.scan(command, () => this.#readsAt('ks' in command ? command.ks : 0, undefined))
      case 'cursorOpen':
      case 'cursorMove':
      case 'cursorEnd':
        return this.#reads.cursor(command, () => {
          if (command.do !== 'cursorOpen') throw new NoTarget()
          if (command.tx !== undefined) return this.#transactions.reads(command.tx, command.ks)
          return this.#readsAt(command.ks, command.from)
        })
      case 'txBegin':
      case 'txStep':
      case 'txCommit':
      case 'txRollback':
      case 'txForget':
      case 'transaction':
        return this.#transactions.execute(this.#db, command)
      case 'misuse':
        return misuseAsync(this.#db, command.what)
      default:
        return this.#executeOnDatabase(command)
    }
  }

  async #executeOnDatabase(command: Exclude<Command, Write>): Promise<string> {
    const db = this.#db
    switch (command.do) {
      case 'snapshot': {
        if (this.#snapshots.length >= READS_MAX) return 'enough'
        const snapshot = db.snapshot()
        this.#snapshots.push(snapshot)
        this.#sync.snapshots.push(snapshot.sync)
        return 'open'
      }
      case 'release': {
        const at = command.pick % Math.max(1, this.#snapshots.length)
        const [snapshot] = this.#snapshots.splice(at, 1)
        if (snapshot === undefined) throw new NoTarget()
        this.#sync.snapshots.splice(at, 1)
        await snapshot.release()
        return 'released'
      }
      case 'keyspace':
        return this.#keyspace(command)
      case 'drop': {
        const name = KEYSPACE_NAMES[command.ks] as string
        await db.dropKeyspace(name)
        await this.#mirror.dropKeyspace(name)
        return 'dropped'
      }
      case 'keyspaces':
        return formatKeyspaces(await db.keyspaces())
      case 'stats':
        return formatStats(await db.stats())
      case 'verify':
        return formatReport(await db.verify())
      case 'sync':
        await db.synced()
        return 'done'
      case 'checkpoint':
      case 'compact':
        await db[command.do]()
        return 'done'
      case 'changes':
        return this.#compareChanges()
      case 'time': {
        const result = this.#sync.execute(command)
        // Work off the thread that the timers have begun completes within the time that has passed.
        await new Promise(setImmediate)
        return result
      }
      case 'reopen':
        await this.#reopen(false)
        return this.dump()
      case 'readOnly': {
        await this.#reopen(true)
        const results: string[] = []
        for (const inner of command.commands) results.push(await this.execute(inner))
        await this.#reopen(false)
        return results.join('\n')
      }
      default:
        return this.#sync.execute(command)
    }
  }

  async #compareChanges(): Promise<string> {
    if (this.#sync.isReadOnly) return 'agree'
    // `changes` returns only commits that were written to the operating system.
    await this.#db.synced()
    return this.#mirror.compare()
  }

  async #keyspace(command: Command & { readonly do: 'keyspace' }): Promise<string> {
    const result = this.#sync.execute(command)
    if (result !== 'open') return result
    const { keyspace } = this.#sync.slot(command.ks)
    const name = KEYSPACE_NAMES[command.ks] as string
    const opened = await this.#db.keyspace(name)
    return opened === this.#db.of(keyspace) && opened.name === name ? 'open' : 'a different handle'
  }

  #readsAt(ks: number, from: number | undefined): AsyncTextReads {
    const { keyspace, keys, values } = this.#writes.slot(ks)
    if (from === undefined) return { reads: keyspace, keys, values }
    const snapshot = this.#snapshots[from % Math.max(1, this.#snapshots.length)]
    if (snapshot === undefined) throw new NoTarget()
    const reads = ks === 0 ? (snapshot as unknown as AsyncTextReads['reads']) : snapshot.in(keyspace)
    return { reads, keys, values }
  }
}
