import { isLdbError } from '@ldb/base'
import type { AsyncDatabase, AsyncTransaction, Durability } from '@ldb/core'
import type { Vfs } from '@ldb/vfs'
import type { DependentChanges, History, ModelChange } from '../history/history.js'
import { randomChanges } from '../history/model-changes.js'
import type { EntryShape } from '../history/model-changes.js'
import { attemptCommit, isRefusal } from '../suite/subject.js'
import type { TestRandom } from '../base/test-random.js'
import { assertGuarantee } from '../base/violation.js'
import { addChange } from './batch-changes.js'

const SPACES = ['default', 'users']
/** Weights of the kinds of commit in a group. */
const CALLS = { syncPut: 10, update: 25, transaction: 15, shortLived: 5, batch: 45 }

/** The settings of a run that decide which commits a group contains. */
export interface CommitGroupOptions {
  readonly mixesDurability: boolean
  readonly mixesApis: boolean
  readonly groupMax: number
  readonly shape: EntryShape
  /** Advances the clock of the run. */
  advance(vfs: Vfs, byMs: number): void
}

/** Makes groups of commits that are in flight at the same time and records their results in the history. */
export class AsyncCommitGroup {
  readonly #options: CommitGroupOptions
  readonly #vfs: Vfs
  readonly #database: AsyncDatabase
  readonly #history: History
  readonly #isWritable = (): boolean => !this.#database.sync.stats().poisoned

  constructor(options: CommitGroupOptions, vfs: Vfs, database: AsyncDatabase, history: History) {
    this.#options = options
    this.#vfs = vfs
    this.#database = database
    this.#history = history
  }

  /** Calls several commits one after the other, then waits for all of them. */
  async commit(random: TestRandom): Promise<void> {
    const results: Promise<void>[] = []
    try {
      await this.#callAll(random, results)
    } finally {
      await Promise.allSettled(results)
    }
    await Promise.all(results)
  }

  async #callAll(random: TestRandom, results: Promise<void>[]): Promise<void> {
    const users = await this.#database.keyspace<string, string>('users')
    const kinds = { ...CALLS, syncPut: this.#options.mixesApis ? CALLS.syncPut : 0 }
    for (let left = random.between(1, this.#options.groupMax); left > 0; left--) {
      switch (random.weighted(kinds)) {
        case 'syncPut':
          this.#putSync()
          break
        case 'update':
          results.push(this.#update(random))
          break
        case 'transaction': {
          await Promise.all(results)
          const transaction = this.#database.begin({ isolation: random.pick(['snapshot', 'serializable']) })
          const changes = randomChanges(random, this.#options.shape, SPACES)
          await this.#write(random, transaction, changes)
          const durability = this.#durability(random)
          results.push(this.#acknowledge(changes, durability, () => transaction.commit({ durability })))
          break
        }
        case 'shortLived':
          results.push(this.#shortLived(random))
          break
        case 'batch': {
          const changes = randomChanges(random, this.#options.shape, SPACES)
          const batch = this.#database.batch()
          for (const change of changes)
            addChange(change.space === 'users' ? batch.in(users) : batch.in(this.#database), change)
          const durability = this.#durability(random)
          results.push(this.#acknowledge(changes, durability, () => batch.commit({ durability })))
          break
        }
      }
    }
  }

  /** Commits through the sync API, after the commits in flight. */
  #putSync(): void {
    const value = `${this.#history.submitted}`
    const changes: ModelChange[] = [{ kind: 'put', space: 'default', key: 'sync', value }]
    const put = (): void => {
      this.#database.sync.put('sync', value)
    }
    const commit = attemptCommit(this.#history, changes, put, this.#isWritable)
    this.#history.acknowledgeDurable(commit)
  }

  /**
   * Writes the changes in a transaction over both keyspaces. No commit is in flight when the transaction begins, so
   * it cannot conflict.
   */
  async #write(
    random: TestRandom,
    transaction: AsyncTransaction,
    changes: readonly ModelChange[],
  ): Promise<void> {
    const users = await this.#database.keyspace<string, string>('users')
    const savepoint = random.chance(0.3) ? await transaction.savepoint() : undefined
    if (savepoint !== undefined) {
      await transaction.put('never', 'written')
      await transaction.rollbackTo(savepoint)
    }
    for (const change of changes) {
      await addChange(change.space === 'users' ? transaction.in(users) : transaction, change)
    }
  }

  /** Puts an entry that expires before the next read. In the model, the commit deletes the key. */
  #shortLived(random: TestRandom): Promise<void> {
    const key = `short${random.between(0, 5)}`
    const durability = this.#durability(random)
    return this.#acknowledge([{ kind: 'delete', space: 'default', key }], durability, () => {
      const put = this.#database.put(key, 'short-lived', { durability, ttlMs: 1 })
      this.#options.advance(this.#vfs, 2)
      return put
    })
  }

  /** Updates a value that depends on all earlier commits, those in flight included. */
  #update(random: TestRandom): Promise<void> {
    const key = `counter${random.between(0, 2)}`
    const longer = (value: string | undefined): string => `${value ?? ''}+`
    const next = longer(this.#history.stateAt(this.#history.submitted).get(`default/${key}`))
    const durability = this.#durability(random)
    const changes: DependentChanges = (before) => [
      { kind: 'put', space: 'default', key, value: longer(before.get(`default/${key}`)) },
    ]
    return this.#acknowledge(changes, durability, async () => {
      const value = await this.#database.update(key, longer, { durability })
      // An earlier commit may have failed since.
      assertGuarantee(
        value === next || this.#history.hasGaps,
        () => `an update returned ${value}, not ${next}`,
      )
    })
  }

  /** Submits a commit to the history, then calls it: the call may write the log when a periodic sync is due. */
  async #acknowledge(
    changes: readonly ModelChange[] | DependentChanges,
    durability: Durability,
    call: () => Promise<void>,
  ): Promise<void> {
    const { life } = this.#history
    const commit = this.#history.submit(changes)
    try {
      await call()
    } catch (error) {
      const wasRefused = isRefusal(error, this.#isWritable)
      if (!wasRefused) this.#history.inDoubt = true
      if (this.#history.life === life && (wasRefused || isReadFailure(error))) {
        this.#history.recordReadFailure(commit)
      }
      throw error
    }
    if (this.#history.life !== life) return
    if (durability === 'full') this.#history.acknowledgeDurable(commit)
    else if (durability === 'periodic') this.#history.acknowledgeFlushed(commit)
  }

  #durability(random: TestRandom): Durability {
    return this.#options.mixesDurability ? random.pick(['full', 'full', 'periodic', 'none'] as const) : 'full'
  }
}

/** Reports whether an error says that data was corrupt or unreadable. */
function isReadFailure(error: unknown): boolean {
  return isLdbError(error, 'LDB_CORRUPTION') || (isLdbError(error) && error.details.operation === 'read')
}
