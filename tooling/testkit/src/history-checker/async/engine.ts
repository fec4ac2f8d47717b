import { Database } from '@ldb/core'
import type { AsyncDatabase, AsyncKeyspace, AsyncTransaction, Durability } from '@ldb/core'
import type { Vfs } from '@ldb/vfs'
import type { IsolationLevel, IsolationTransaction } from '../../suite/isolation-subject.js'
import { KEYSPACES } from '../../suite/isolation-subject.js'
import { optionsOf, PLAIN_SETTINGS } from '../../model/commands/run-settings.js'
import { DatabaseTransaction } from '../../subjects/database-transactions.js'
import type { PlannedStep } from '../history-choices.js'
import type { RecordedEvent } from '../recorded-history.js'

/**
 * Keyspace in which each writing transaction puts its number. After a crash, it shows which transactions committed.
 */
const MARKS = 'marks'
const DIRECTORY = 'data'

/** Options of the database of a history. */
export interface EngineSettings {
  readonly durability: Durability
  readonly cacheBytes: number
  /** Log bytes after which the database makes a checkpoint. */
  readonly checkpointLogBytes: number
}

/** Options of `begin`. */
export interface EngineBegin {
  readonly isolation: IsolationLevel
  readonly readOnly?: boolean
}

/** The content of a database without open transactions. */
export interface EngineContent {
  /** Numbers of the transactions whose commit is present. */
  readonly marks: ReadonlySet<number>
  /** `keyspace/key` to value. */
  readonly entries: ReadonlyMap<string, string>
}

/** The database through its async API. Canaries override methods with faulty ones. */
export class AsyncEngine {
  readonly db: AsyncDatabase
  readonly keyspaces: ReadonlyMap<string, AsyncKeyspace<string, string>>

  constructor(db: AsyncDatabase, keyspaces: ReadonlyMap<string, AsyncKeyspace<string, string>>) {
    this.db = db
    this.keyspaces = keyspaces
  }

  /** Number of the newest visible commit. */
  get seq(): number {
    return this.db.seq
  }

  begin(options: EngineBegin): EngineTransaction {
    return this.wrap(this.db.begin(options))
  }

  /** Runs a function in transactions until one commits. */
  transaction(
    run: (transaction: EngineTransaction, attempt: number) => Promise<void>,
    options: { readonly isolation: IsolationLevel; readonly retries: number },
  ): Promise<void> {
    return this.db.transaction((inner, attempt) => run(this.wrap(inner), attempt), options)
  }

  put(name: string, value: string): Promise<void> {
    return this.of(name).put(name.slice(2), value)
  }

  update(name: string, change: (value: string | undefined) => string): Promise<string | undefined> {
    return this.of(name).update(name.slice(2), change)
  }

  /** Puts a value through the sync API. */
  putSync(name: string, value: string): void {
    this.of(name).sync.put(name.slice(2), value)
  }

  /** Begins a transaction of the sync API and returns it with the number of its snapshot. */
  beginSync(options: EngineBegin): { readonly transaction: IsolationTransaction; readonly seq: number } {
    const inner = this.db.sync.begin(options)
    return { transaction: new DatabaseTransaction(inner, (name) => this.keyspace(name).sync), seq: inner.seq }
  }

  markSync(transaction: IsolationTransaction, id: number): void {
    transaction.in(MARKS).put(String(id), '')
  }

  content(): EngineContent {
    const entries = new Map<string, string>()
    for (const keyspace of KEYSPACES) {
      for (const [key, value] of this.keyspace(keyspace).sync.entries())
        entries.set(`${keyspace}/${key}`, value)
    }
    const marks = new Set(this.keyspace(MARKS).sync.keys().map(Number).toArray())
    return { marks, entries }
  }

  wrap(inner: AsyncTransaction): EngineTransaction {
    return new EngineTransaction(this, inner)
  }

  keyspace(name: string): AsyncKeyspace<string, string> {
    return this.keyspaces.get(name)!
  }

  of(name: string): AsyncKeyspace<string, string> {
    return this.keyspace(name.slice(0, 1))
  }
}

/** A transaction of the async API. */
export class EngineTransaction {
  readonly engine: AsyncEngine
  readonly inner: AsyncTransaction
  /** Called when its commit is called, also by the engine itself. */
  onCommit: (() => void) | undefined = undefined

  constructor(engine: AsyncEngine, inner: AsyncTransaction) {
    this.engine = engine
    this.inner = inner
    const commit = inner.commit.bind(inner)
    inner.commit = (options): Promise<void> => {
      this.onCommit?.()
      return commit(options)
    }
  }

  get seq(): number {
    return this.inner.seq
  }

  /** Executes a step and returns what it wrote or read. */
  async step(step: PlannedStep): Promise<RecordedEvent> {
    const name = 'name' in step ? step.name : `${step.keyspace}/`
    const view = this.inner.in(this.engine.of(name))
    const key = name.slice(2)
    switch (step.do) {
      case 'get':
        return { do: 'get', name, value: await view.get(key) }
      case 'lock':
        return { do: 'lock', name, value: await view.getForUpdate(key) }
      case 'scan':
        return { ...step, entries: await view.entries(step.range).toArray() }
      case 'put':
        await view.put(key, step.value)
        return step
      case 'delete':
        await view.delete(key)
        return { do: 'delete', name }
      case 'deleteRange':
        await view.deleteRange({ gte: step.gte, lt: step.lt })
        return step
      case 'rolledBack': {
        const savepoint = await this.inner.savepoint()
        await view.put(key, step.value)
        if (step.range !== undefined) await view.deleteRange(step.range)
        await this.inner.rollbackTo(savepoint)
        return { do: 'get', name, value: await view.get(key) }
      }
    }
  }

  async mark(id: number): Promise<void> {
    await this.inner.in(this.engine.keyspace(MARKS)).put(String(id), '')
  }

  commit(signal?: AbortSignal): Promise<void> {
    return this.inner.commit(signal === undefined ? undefined : { signal })
  }

  rollback(): Promise<void> {
    return this.inner.rollback()
  }
}

/** Opens the database on a disk, or creates it. */
export async function openEngine<Engine extends AsyncEngine>(
  vfs: Vfs,
  { durability, cacheBytes, checkpointLogBytes }: EngineSettings,
  make: new (...parts: ConstructorParameters<typeof AsyncEngine>) => Engine,
): Promise<Engine> {
  const settings = { ...PLAIN_SETTINGS, durability, cacheBytes, checkpointLogBytes, pageBytes: 512 }
  const options = optionsOf({ ...settings, segmentBytes: 16_384, preallocateBytes: 0 })
  const db = Database.open(DIRECTORY, { ...options, vfs }).promises
  const keyspaces = new Map<string, AsyncKeyspace<string, string>>()
  for (const name of [...KEYSPACES, MARKS]) keyspaces.set(name, await db.keyspace<string, string>(name))
  return new make(db, keyspaces)
}
