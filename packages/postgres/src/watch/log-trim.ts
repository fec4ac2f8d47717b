import { clearTimeout, setTimeout } from 'node:timers'
import type { SchemaNames } from '../schema/schema-names.js'
import { Deadline, pause } from '../session/deadline.js'
import { int8Of, textOf } from '../session/rows.js'
import type { Answer } from '../session/exchange.js'
import type { SessionPool } from '../session/session-pool.js'
import { lastSeq, recordSafe } from './commit-clock.js'

const INTERVAL_MS = 10_000
const ANSWER_MS = 5000
/** Rows that one statement deletes. */
const ROWS_MAX = 10_000
/** Transactions that are open now end within this time, or the next round sees them end. */
const WAIT_MS = 1000

/** Deletes old rows of the table `commits`, and records how far the commits are complete, while the driver commits. */
export class LogTrim {
  readonly #pool: SessionPool
  readonly #names: SchemaNames
  readonly #retentionMs: number
  readonly #hasVersions: boolean
  readonly #stop: AbortController = new AbortController()
  #hasCommits = true
  #timer: NodeJS.Timeout | undefined = undefined
  #running: Promise<void> | undefined = undefined

  constructor(pool: SessionPool, names: SchemaNames, retentionMs: number, hasVersions: boolean) {
    this.#pool = pool
    this.#names = names
    this.#retentionMs = retentionMs
    this.#hasVersions = hasVersions
  }

  /** Reports a commit of this driver. */
  poke(): void {
    this.#hasCommits = true
    if (this.#timer !== undefined || this.#stop.signal.aborted) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (!this.#hasCommits) return
      this.#hasCommits = false
      this.#running = this.run().catch(() => undefined)
    }, INTERVAL_MS)
    // The next commit starts it again.
    this.#timer.unref()
  }

  /** Runs once. Rejects with the error of the client; the next run continues. */
  async run(): Promise<void> {
    const safe = await this.#safe()
    const old = `at < now() - interval '${Math.ceil(this.#retentionMs)} milliseconds'`
    const commits = this.#names.table('commits')
    const state = this.#names.table('state')
    if (safe > 0) await this.#query([recordSafe(this.#names, safe)])
    for (let count = ROWS_MAX; count >= ROWS_MAX && !this.#stop.signal.aborted;) {
      // The lowest rows, up to the last old one among them.
      const [answer] = await this.#query([
        {
          text: `with oldest as (select seq, ${old} as is_old from ${commits} where seq is not null order by seq limit ${ROWS_MAX}),
            bound as (select coalesce(max(seq) filter (where seq <= (select safe from ${state})), 0) as seq from oldest where is_old),
            raised as (update ${state} set trimmed = greatest(trimmed, (select seq from bound)) returning 1),
            trimmed as (delete from ${commits} where seq <= (select seq from bound) returning 1)
          select count(*), (select count(*) from raised) from trimmed`,
        },
      ])
      count = int8Of(answer?.rows[0]?.[0])
    }
    await this.#query([{ text: `delete from ${commits} where seq is null and ${old}` }])
    await this.#query([
      { text: `delete from ${this.#names.table('watchers')} where until < now() - interval '1 hour'` },
    ])
  }

  /** Ends a run, and waits for its end. */
  async close(): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#timer)
    await this.#running
  }

  /** Returns a safe `seq`; 0 if there is none yet. */
  async #safe(): Promise<number> {
    if (!this.#hasVersions) return 0
    const [last] = await this.#query([lastSeq(this.#names, 0)])
    const row = last?.rows[0]
    if (row === undefined) return 0
    await pause(WAIT_MS, this.#stop.signal)
    const [xmins] = await this.#query([{ text: 'select pg_snapshot_xmin(pg_current_snapshot())::text' }])
    return BigInt(textOf(xmins?.rows[0]?.[0])) > BigInt(textOf(row[1])) ? int8Of(row[0]) : 0
  }

  async #query(statements: readonly { text: string; values?: readonly number[] }[]): Promise<Answer[]> {
    return this.#pool.run(new Deadline(ANSWER_MS), (session) => session.queryAll(statements))
  }
}
