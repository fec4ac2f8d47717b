import { DriverError, isDriverError } from '@ldb/cluster'
import type {
  CallOptions,
  CommitResult,
  CommitRequest,
  DriverKey,
  DriverTransaction,
  RangePage,
  RangeRequest,
  TransactionRequest,
  Version,
} from '@ldb/cluster'
import type { SchemaNames } from '../schema/schema-names.js'
import { Deadline } from '../session/deadline.js'
import { booleanOf, bytesOf, bytesOfAll, entriesOf, hexOfAll, int8Of, textOf } from '../session/rows.js'
import type { SessionPool } from '../session/session-pool.js'
import type { Answer, Statement } from '../session/exchange.js'
import { snapshotVersionOf, versionOfSeq } from '../watch/version.js'
import { commitStatements } from './commit-statements.js'
import { PinnedSession } from './pinned-session.js'
import type { PageSizes } from './page-sizes.js'
import { getStatement, groupKeys, rangeStatement } from './read-statements.js'
import type { UnknownMarkers } from './unknown-markers.js'
import { sendCommit } from './send-commit.js'

/** What all transactions of a driver use. */
export interface TransactionContext {
  readonly pool: SessionPool
  readonly names: SchemaNames
  readonly pageSizes: PageSizes
  readonly snapshotMsMax: number
  /** Whether the engine has snapshots that a watch can begin at. */
  readonly hasVersions: boolean
  readonly markers: UnknownMarkers
  /** Of this driver's watches in the table `watchers`. */
  readonly watcherId: string
  /** Called for each acknowledged commit, with whether other drivers watch. */
  readonly onCommit: (hasWatchers: boolean) => void
}

const ROLLBACK_TIMEOUT_MS = 1000

/** A transaction of PostgreSQL. The session is acquired by the first read, or by the commit. */
export class PostgresTransaction implements DriverTransaction {
  readonly #context: TransactionContext
  readonly #request: TransactionRequest
  #version: Version | undefined = undefined
  #pinned: PinnedSession | undefined = undefined
  #hasEnded = false

  constructor(context: TransactionContext, request: TransactionRequest) {
    this.#context = context
    this.#request = request
  }

  get version(): Version | undefined {
    return this.#version
  }

  async pin(options: CallOptions): Promise<void> {
    const { names, hasVersions } = this.#context
    // Any read fixes the snapshot. The sequence is read after the snapshot is taken.
    const text = hasVersions
      ? `select pg_current_snapshot()::text, safe, (select last_value from ${names.table('commit_seq')})
          from ${names.table('state')}`
      : `select 1 from ${names.table('state')}`
    const [answer] = await this.#read([{ text, values: [] }], new Deadline(options.timeoutMs), false)
    const row = answer?.rows[0]
    if (hasVersions && row !== undefined) {
      this.#version = snapshotVersionOf(int8Of(row[1]), int8Of(row[2]), textOf(row[0]))
    }
  }

  async getMany(keys: readonly DriverKey[], options: CallOptions): Promise<(Uint8Array | undefined)[]> {
    const groups = groupKeys(keys)
    const statements = groups.map((group) => getStatement(this.#context.names, group))
    const answers = await this.#read(
      statements,
      new Deadline(options.timeoutMs),
      this.#isOneStep(keys.length),
    )
    const values: (Uint8Array | undefined)[] = new Array<undefined>(keys.length).fill(undefined)
    groups.forEach(({ keys: ofGroup, positions }, index) => {
      const rows = answers[index]?.rows ?? []
      if (ofGroup.length === 1) {
        const [position] = positions
        if (rows[0] !== undefined && position !== undefined) values[position] = bytesOf(rows[0][0])
        return
      }
      const decoded = bytesOfAll(rows.map(([, value]) => value))
      const found = new Map(rows.map(([key], row) => [textOf(key), decoded[row]]))
      hexOfAll(ofGroup).forEach((key, member) => {
        const position = positions[member]
        if (position !== undefined) values[position] = found.get(key)
      })
    })
    return values
  }

  async range(request: RangeRequest, options: CallOptions): Promise<RangePage> {
    const { names, pageSizes } = this.#context
    const { id } = request.keyspace
    const limit = pageSizes.limitOf(id, request.limit, request.valueBytes)
    const statement = rangeStatement(names, request, limit)
    // Whether a page is one statement of its own, outside a transaction, follows from the number of keys that it may have.
    const [answer] = await this.#read([statement], new Deadline(options.timeoutMs), this.#isOneStep(limit))
    const rows = answer?.rows ?? []
    const entries = entriesOf(rows)
    if (request.valueBytes === Infinity) {
      let bytes = 0
      for (const { key, value } of entries) bytes += key.length + value.length
      pageSizes.record(id, entries.length, bytes)
    }
    return { entries, hasMore: rows.length === limit }
  }

  async commit(request: CommitRequest, options: CallOptions): Promise<CommitResult> {
    const { pool, names, onCommit, markers, watcherId } = this.#context
    const deadline = new Deadline(options.timeoutMs)
    this.#end()
    const statements = commitStatements(names, request, watcherId)
    const pinned = this.#pinned ?? new PinnedSession(pool, 'serializable', Infinity)
    const answer = await sendCommit(pinned, statements, deadline).catch((error: unknown) => {
      if (isDriverError(error, 'commitUnknown')) markers.add(request.marker)
      throw error
    })
    const row = answer.rows[0]
    onCommit(booleanOf(row?.[1]))
    return { version: this.#context.hasVersions ? versionOfSeq(int8Of(row?.[0])) : undefined }
  }

  async finish(options: CallOptions): Promise<void> {
    this.#end()
    await this.#pinned?.commit(new Deadline(options.timeoutMs))
  }

  async abort(): Promise<void> {
    const isEnding = this.#hasEnded
    this.#hasEnded = true
    // A commit that is under way releases the session itself.
    if (!isEnding) await this.#pinned?.rollback(new Deadline(ROLLBACK_TIMEOUT_MS))
  }

  /**
   * Reports whether a read of the newest state needs no transaction. One key is always of some state of the serial order; several keys may show two
   * serializable transactions in an order that a third one excludes.
   */
  #isOneStep(keyCount: number): boolean {
    const { mode, isolation, isSingleRead } = this.#request
    return isSingleRead && mode === 'readOnly' && (keyCount === 1 || isolation === 'snapshot')
  }

  async #read(
    statements: readonly Statement[],
    deadline: Deadline,
    isOneStep: boolean,
  ): Promise<readonly Answer[]> {
    this.#assertActive()
    const { pool, snapshotMsMax } = this.#context
    if (isOneStep && statements.length === 1 && this.#pinned === undefined) {
      return pool.run(deadline, (session) => session.exchange(statements))
    }
    const { mode, isolation } = this.#request
    const level =
      mode === 'readWrite'
        ? 'serializable'
        : isolation === 'serializable'
          ? 'serializable read only'
          : 'repeatable read read only'
    this.#pinned ??= new PinnedSession(pool, level, snapshotMsMax)
    return this.#pinned.read(statements, deadline)
  }

  #end(): void {
    this.#assertActive()
    this.#hasEnded = true
  }

  #assertActive(): void {
    this.#context.pool.assertOpen()
    if (this.#hasEnded) throw new DriverError('fatal', 'the transaction has ended')
  }
}
