import { DriverError } from '@ldb/cluster'
import type { SchemaNames } from '../schema/schema-names.js'
import { Deadline, pause } from '../session/deadline.js'
import { int8Of, textOf } from '../session/rows.js'
import type { Session } from '../session/session.js'
import type { SessionPool } from '../session/session-pool.js'
import { monotonicMs } from '../session/monotonic-ms.js'
import { Wake } from './wake.js'

/** A watch that no server answers rejects after this time. */
const SILENCE_MS = 30_000
const ANSWER_MS = 2000
/** Time between two looks when no notification arrives. */
const IDLE_MS = 1000
/** Time between two looks at transactions that have not ended. */
const PENDING_MS = 2
const RENEW_MS = 10_000
const LEASE_SECONDS = 30
/** Time between two records of `safe` in the table. */
const RECORD_MS = 5000

/** A `seq` that is safe once all transactions with a smaller id than `xid` have ended. */
interface Pending {
  readonly seq: number
  readonly xid: bigint
}

/**
 * Follows which commits are complete: `safe` is the greatest known `seq` up to which every transaction has ended. See FORMAT.md.
 *
 * @remarks Runs while at least one watch is open, on a session of its own that listens to the notifications of commits.
 */
export class CommitClock {
  readonly #pool: SessionPool
  readonly #names: SchemaNames
  readonly #id: string
  readonly #listeners: Set<() => void> = new Set()
  #safe = 0
  #epoch = 0
  #failure: DriverError | undefined = undefined
  #run: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined = undefined
  readonly #wake: Wake = new Wake()
  #watchCount = 0

  constructor(pool: SessionPool, names: SchemaNames, id: string) {
    this.#pool = pool
    this.#names = names
    this.#id = id
  }

  get safe(): number {
    return this.#safe
  }

  /** Number of the session: `safe` begins anew with each. */
  get epoch(): number {
    return this.#epoch
  }

  /** Why no server answers, after 30 s. */
  get failure(): DriverError | undefined {
    return this.#failure
  }

  get isRunning(): boolean {
    return this.#run !== undefined
  }

  /** Reports a commit of this process. */
  poke(): void {
    this.#wake.poke()
  }

  /** Starts to follow the commits, for one more watch. */
  open(): void {
    this.#watchCount++
    if (this.#run !== undefined) return
    this.#failure = undefined
    const stop = new AbortController()
    this.#run = { stop, ended: this.#follow(stop.signal) }
  }

  /** Ends the interest of one watch. */
  async close(): Promise<void> {
    this.#watchCount--
    if (this.#watchCount > 0) return
    const run = this.#run
    this.#run = undefined
    run?.stop.abort()
    this.#wake.poke()
    await run?.ended
  }

  /** Resolves when `safe` is above `seq`, another epoch has begun, or `signal` is aborted. Rejects when no server has answered for 30 s. */
  async waitBeyond(seq: number, epoch: number, signal: AbortSignal): Promise<void> {
    while (this.#safe <= seq && this.#epoch === epoch && !signal.aborted) {
      if (this.#failure !== undefined) throw this.#failure
      await new Promise<void>((resolve) => {
        const finish = (): void => {
          this.#listeners.delete(finish)
          signal.removeEventListener('abort', finish)
          resolve()
        }
        this.#listeners.add(finish)
        signal.addEventListener('abort', finish)
      })
    }
  }

  async #follow(stop: AbortSignal): Promise<void> {
    let answeredMs = monotonicMs()
    while (!stop.aborted) {
      let session: Session | undefined
      try {
        session = await this.#pool.openListener(new Deadline(ANSWER_MS))
        await this.#listen(session)
        await this.#followOn(session, stop, () => {
          answeredMs = monotonicMs()
          this.#failure = undefined
        })
      } catch (error) {
        if (monotonicMs() - answeredMs > SILENCE_MS || this.#pool.isClosed) {
          const message = 'no server has answered the watch for 30 s'
          this.#failure = new DriverError(this.#pool.isClosed ? 'closed' : 'unavailable', message, {
            cause: error,
          })
          this.#notify()
        }
        await pause(PENDING_MS * 10, stop)
      }
      await this.#end(session)
    }
  }

  async #listen(session: Session): Promise<void> {
    session.onNotification(() => {
      this.poke()
    })
    session.onEnd(() => {
      this.poke()
    })
    const renewal = this.#renewal()
    await within(session, [{ text: `listen ${this.#names.channel}` }, renewal])
  }

  async #followOn(session: Session, stop: AbortSignal, onAnswer: () => void): Promise<void> {
    let pending: Pending[] = []
    // A crash may lose what the sequence has issued to transactions that were not committed: a `seq` may be issued again.
    this.#safe = 0
    this.#epoch++
    this.#notify()
    let renewedMs = monotonicMs()
    let recordedMs = 0
    while (!stop.aborted) {
      // A poke from here on is seen by the next look.
      this.#wake.reset()
      const look = await this.#look(session, pending.at(-1)?.seq ?? this.#safe)
      onAnswer()
      if (look.pending !== undefined) pending.push(look.pending)
      const complete = pending.filter(({ xid }) => xid < look.xmin)
      pending = pending.slice(complete.length)
      const last = complete.at(-1)
      if (last !== undefined && last.seq > this.#safe) {
        this.#safe = last.seq
        this.#notify()
      }
      const nowMs = monotonicMs()
      if (nowMs - renewedMs > RENEW_MS) {
        await within(session, [this.#renewal()])
        renewedMs = nowMs
      }
      if (nowMs - recordedMs > RECORD_MS) {
        await within(session, [recordSafe(this.#names, this.#safe)])
        recordedMs = nowMs
      }
      if (pending.length > 0) await pause(PENDING_MS, stop)
      else await this.#wake.wait(IDLE_MS)
    }
  }

  /** Reads how far the sequence is and, when that is beyond `known`, gets a transaction id. */
  async #look(
    session: Session,
    known: number,
  ): Promise<{ readonly pending: Pending | undefined; readonly xmin: bigint }> {
    const [seqs, xmins] = await within(session, [
      lastSeq(this.#names, known),
      { text: 'select pg_snapshot_xmin(pg_current_snapshot())::text' },
    ])
    const row = seqs?.rows[0]
    const xmin = BigInt(textOf(xmins?.rows[0]?.[0]))
    if (row === undefined) return { pending: undefined, xmin }
    return { pending: { seq: int8Of(row[0]), xid: BigInt(textOf(row[1])) }, xmin }
  }

  #renewal(): { text: string; values: string[] } {
    const text = `insert into ${this.#names.table('watchers')} (id, until) values ($1, now() + interval '${LEASE_SECONDS} seconds')
      on conflict (id) do update set until = excluded.until`
    return { text, values: [this.#id] }
  }

  async #end(session: Session | undefined): Promise<void> {
    if (session === undefined) return
    if (!session.isBroken && !this.#pool.isClosed) {
      const text = `delete from ${this.#names.table('watchers')} where id = $1`
      await within(session, [{ text, values: [this.#id] }]).catch(() => undefined)
    }
    await session.end()
  }

  #notify(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}

/**
 * Returns the statement that reads `last_value` of the sequence and then gets a transaction id. It returns no row, and takes no id, when the sequence is not
 * beyond `known`.
 */
export function lastSeq(names: SchemaNames, known: number): { text: string; values: number[] } {
  const sequence = `(select last_value, is_called from ${names.table('commit_seq')} offset 0)`
  const text = `select last_value, pg_current_xact_id()::text from ${sequence} as s where is_called and last_value > $1::bigint`
  return { text, values: [known] }
}

/** Returns the statement that records a safe `seq`. */
export function recordSafe(names: SchemaNames, safe: number): { text: string; values: number[] } {
  return {
    text: `update ${names.table('state')} set safe = $1::bigint where safe < $1::bigint`,
    values: [safe],
  }
}

async function within(
  session: Session,
  statements: readonly { text: string; values?: readonly (string | number)[] }[],
): ReturnType<Session['queryAll']> {
  return new Deadline(ANSWER_MS).within(session.queryAll(statements), () => {
    session.destroy()
  })
}
