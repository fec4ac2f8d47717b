import { resultOf, NoTarget, ExpectedError, formatValue } from '../commands/result.js'
import type { Command, Write } from '../commands/commands.js'
import { expectedOfMisuse } from '../commands/misuse.js'
import { ReferenceReads } from './reads.js'
import { ReferenceSnapshot } from './keyspace.js'
import { ReferenceState } from './state.js'
import { ReferenceTransactions } from './transactions.js'
import { ReferenceWrites } from './writes.js'
import { KEYSPACE_NAMES, READS_MAX, SYNC_INTERVAL_MS } from '../commands/run-settings.js'
import type { RunSettings } from '../commands/run-settings.js'
import { keyConversion, valueConversion } from '../commands/conversions.js'
import type { KeyConversion, ValueConversion } from '../commands/conversions.js'

/** Executes every command as the database must. Stores everything in sorted arrays and uses no files. */
export class Reference {
  readonly #settings: RunSettings
  readonly #state: ReferenceState
  readonly #reads: ReferenceReads
  readonly #writes: ReferenceWrites

  constructor(settings: RunSettings) {
    this.#settings = settings
    this.#state = new ReferenceState(settings.durability)
    this.#reads = new ReferenceReads(this.#state)
    this.#transactions = new ReferenceTransactions(this.#state, this.#reads)
    this.#writes = new ReferenceWrites(this.#state, (command) => this.execute(command))
  }

  /** The result of the database. The reference uses it where conflict detection may be conservative. */
  actualResult = ''
  readonly #transactions: ReferenceTransactions

  /** The oldest and the newest commit that a crash may leave as the newest. */
  get commitBounds(): readonly [floor: number, seq: number] {
    return [this.#state.commits.floor, this.#state.commits.seq]
  }

  /** Executes a command and returns its result. */
  execute(command: Command): string {
    return resultOf(() => this.#executeCommand(command))
  }

  /** Returns the whole content as a string. */
  dump(): string {
    return [...this.#state.live.values()]
      .map(
        ({ name, entries }) =>
          `${name}: ${entries.keys.map((key, at) => `${formatValue(key)}=${formatValue(entries.values[at])}`).join()}`,
      )
      .join('\n')
  }

  /** Closes all open objects and sets the state to commit `seq`, as after a reopen or crash. */
  reopen(seq: number): void {
    this.#reads.reset()
    this.#state.reopen(seq)
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
        return this.#writes.write(command)
      case 'batch':
        return this.#writes.batch(command.steps, command.durability)
      case 'fill':
      case 'thin':
        return this.#writes.bulk(command)
      case 'read':
        return this.#reads.read(this.#state.view(command.ks, command.from), command)
      case 'scanOpen':
      case 'scanNext':
      case 'scanEnd':
        return this.#reads.scan(command)
      case 'cursorOpen':
      case 'cursorMove':
      case 'cursorEnd':
        return this.#reads.cursor(command)
      case 'keyspace':
        return this.#keyspace(command.ks, command.keys, command.values)
      case 'drop':
        return this.#drop(command.ks)
      case 'txBegin':
      case 'txStep':
      case 'txCommit':
      case 'txRollback':
      case 'txForget':
      case 'transaction':
        return this.#transactions.execute(command, this.actualResult)
      case 'together':
        return command.writes.map((write) => this.execute(write)).join('; ')
      case 'misuse':
        return `!${expectedOfMisuse(command.what)}`
      default:
        return this.#executeOnDatabase(command)
    }
  }

  /** Executes a command on the database as a whole. */
  #executeOnDatabase(command: Exclude<Command, Write>): string {
    const { live, snapshots, commits } = this.#state
    switch (command.do) {
      case 'snapshot':
        if (snapshots.length >= READS_MAX) return 'enough'
        snapshots.push(new ReferenceSnapshot(live.values()))
        return 'open'
      case 'release': {
        const [snapshot] = snapshots.splice(command.pick % Math.max(1, snapshots.length), 1)
        if (snapshot === undefined) throw new NoTarget()
        snapshot.released = true
        return 'released'
      }
      case 'keyspaces':
        return [...live.values()]
          .map(({ id, name, keys, values }) => `${id} ${name} ${keys.name} ${values.name}`)
          .join()
      case 'stats': {
        const openCount = snapshots.length + this.#reads.openCount
        return `${commits.seq} ${commits.commitCount} ${openCount} ${this.#state.sizes()}`
      }
      case 'verify':
        return `0 findings, ${this.#state.sizes()}`
      case 'sync':
      case 'checkpoint':
      case 'compact':
        this.#state.assertWritable()
        commits.flush()
        return 'done'
      case 'reopen':
        this.reopen(commits.seq)
        return this.dump()
      case 'readOnly':
        return this.#executeReadOnly(command.commands)
      case 'changes':
        if (!this.#state.readOnly) commits.flush()
        return 'agree'
      case 'time':
        if (command.ms >= SYNC_INTERVAL_MS) commits.flush()
        return 'passed'
      default:
        return 'passed'
    }
  }

  #executeReadOnly(commands: readonly Command[]): string {
    const { commits } = this.#state
    this.reopen(commits.seq)
    this.#state.readOnly = true
    const results = commands.map((command) => this.execute(command))
    this.#state.readOnly = false
    this.reopen(commits.seq)
    return results.join('\n')
  }

  #keyspace(ks: number, keys: string | undefined, values: string | undefined): string {
    const name = KEYSPACE_NAMES[ks] as string
    const wantedKeys = keys ?? this.#settings.keys
    const wantedValues = values ?? this.#settings.values
    const present = this.#state.live.get(name)
    if (present === undefined) {
      if (this.#state.readOnly) throw new ExpectedError('LDB_READ_ONLY')
      this.#state.slots[ks] = this.#state.create(
        name,
        keyConversion(wantedKeys) as KeyConversion,
        valueConversion(wantedValues) as ValueConversion,
      )
      this.#state.commits.commit()
      this.#state.commits.flush()
      return 'open'
    }
    if ((keys ?? present.keys.name) !== present.keys.name) throw new ExpectedError('LDB_EXISTS')
    if ((values ?? present.values.name) !== present.values.name) throw new ExpectedError('LDB_EXISTS')
    this.#state.slots[ks] = present
    return 'open'
  }

  #drop(ks: number): string {
    if (this.#state.readOnly) throw new ExpectedError('LDB_READ_ONLY')
    const name = KEYSPACE_NAMES[ks] as string
    const present = this.#state.live.get(name)
    if (present === undefined) throw new ExpectedError('LDB_NOT_FOUND')
    if (ks === 0) throw new ExpectedError('LDB_INVALID_ARGUMENT')
    present.dropped = true
    for (const transaction of this.#state.transactions) transaction.retainDropped(present)
    this.#state.live.delete(name)
    this.#state.commits.commit()
    this.#state.commits.flush()
    return 'dropped'
  }
}
