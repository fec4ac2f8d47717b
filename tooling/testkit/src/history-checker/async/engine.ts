import { Database } from '@ldb/core'
import type { AsyncDatabase, AsyncKeyspace, AsyncTransaction, Durability } from '@ldb/core'
import type { Vfs } from '@ldb/vfs'
import type { IsolationLevel, IsolationTransaction } from '../../suite/isolation-subject.js'
import { KEYSPACES } from '../../suite/isolation-subject.js'
import { optionsOf, PLAIN_SETTINGS } from '../../model/commands/run-settings.js'
import { DatabaseTransaction } from '../../subjects/database-transactions.js'
import type { PlannedStep } from '../history-choices.js'
import type { RecordedEvent } from '../recorded-history.js'

/** Where each transaction that writes leaves its number, so that it is known after a crash who is in. */
const MARKS = 'marks'
const DIRECTORY = 'data'

/** How the database of a history is opened. */
export interface EngineSettings {
  readonly durability: Durability
  readonly cacheBytes: number
  /** Bytes of the log after which a checkpoint comes by itself. */
  readonly checkpointLogBytes: number
}

/** How a transaction is begun. */
export interface EngineBegin {
  readonly isolation: IsolationLevel
  readonly readOnly?: boolean
}

/** What is found when everything stands still. */
export interface EngineContent {
  /** Numbers of the transactions that are in. */
  readonly marks: ReadonlySet<number>
  /** `keyspace/key` to value. */
  readonly entries: ReadonlyMap<string, string>
}

/** The database by its async face, as histories use it. Canaries override what they get wrong. */
export class AsyncEngine {
  readonly db: AsyncDatabase
  readonly keyspaces: ReadonlyMap<string, AsyncKeyspace<string, string>>

  constructor(db: AsyncDatabase, keyspaces: ReadonlyMap<string, AsyncKeyspace<string, string>>) {
    this.db = db
    this.keyspaces = keyspaces
  }

  /** Number of the newest commit that is visible. */
  get seq(): number {
    return this.db.seq
  }

  begin(options: EngineBegin): EngineTransaction {
    return this.wrap(this.db.begin(options))
  }

  /** Runs a function in transactions until one has won. */
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

  /** The sync face, at the same time. */
  putSync(name: string, value: string): void {
    this.of(name).sync.put(name.slice(2), value)
  }

  /** Begins a transaction of the sync face, and gives what it sees. */
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

/** A transaction of the async face. */
export class EngineTransaction {
  readonly engine: AsyncEngine
  readonly inner: AsyncTransaction
  /** Told when its commit is called, by whomever. */
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

  /** Does a step, and gives what it has done and seen. */
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

/** Opens the database on a disk, or makes it. */
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
