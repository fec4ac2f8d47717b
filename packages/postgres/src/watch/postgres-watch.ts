import { DriverError } from '@ldb/cluster'
import type { DriverKeyspace, DriverWatch, WatchedChange, WatchedCommit, WatchRequest } from '@ldb/cluster'
import type { SchemaNames } from '../schema/schema-names.js'
import { Deadline } from '../session/deadline.js'
import { driverErrorOf } from '../session/error-kinds.js'
import { booleanOf, byteArraysOf, int8Of, int8sOf } from '../session/rows.js'
import type { Row } from '../session/rows.js'
import type { SessionPool } from '../session/session-pool.js'
import type { CommitClock } from './commit-clock.js'
import { positionOf, versionOf } from './version.js'
import type { Position } from './version.js'

/** Commits that are read at once. */
const PAGE_COMMITS = 100
const READ_MS = 5000

/** A watch over the table `commits`. */
export class PostgresWatch implements DriverWatch {
  readonly #pool: SessionPool
  readonly #names: SchemaNames
  readonly #clock: CommitClock
  readonly #keyspaces: ReadonlyMap<number, DriverKeyspace>
  readonly #stop: AbortController = new AbortController()
  readonly #onClose: (watch: PostgresWatch) => void
  #queue: WatchedCommit[] = []
  /** The `seq` of a commit that was visible, and never one that was only issued: see FORMAT.md. */
  #position: Position
  /** How far the commits were read, in an epoch of the clock. */
  #readTo: { epoch: number; seq: number } = { epoch: -1, seq: 0 }
  #closing: Promise<void> | undefined = undefined

  /** @param onClose - called once, when the watch is closed. */
  constructor(
    pool: SessionPool,
    names: SchemaNames,
    clock: CommitClock,
    { keyspaces, from }: WatchRequest,
    onClose: (watch: PostgresWatch) => void,
  ) {
    this.#pool = pool
    this.#names = names
    this.#clock = clock
    this.#keyspaces = new Map(keyspaces.map((keyspace) => [Number(keyspace.id), keyspace]))
    this.#position = positionOf(from)
    this.#onClose = onClose
    clock.open()
  }

  async next(): Promise<WatchedCommit | undefined> {
    for (;;) {
      if (this.#stop.signal.aborted) return undefined
      const queued = this.#queue.shift()
      if (queued !== undefined) return queued
      try {
        const { epoch } = this.#clock
        if (this.#readTo.epoch !== epoch) this.#readTo = { epoch, seq: this.#position.seq }
        await this.#clock.waitBeyond(this.#readTo.seq, epoch, this.#stop.signal)
        if (!this.#stop.signal.aborted && this.#clock.epoch === epoch) await this.#read(this.#position, epoch)
      } catch (error) {
        if (this.#stop.signal.aborted) return undefined
        const failure = driverErrorOf(error)
        // The clock reports when no server answers for long.
        if (failure.kind !== 'unavailable' || this.#clock.failure !== undefined) throw failure
      }
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    this.#stop.abort()
    this.#onClose(this)
    await this.#clock.close()
  }

  async #read(position: Position, epoch: number): Promise<void> {
    const { safe } = this.#clock
    // A commit that the snapshot of the start shows is skipped here, so that no value of it is read.
    const shown =
      position.snapshot === undefined
        ? 'false'
        : 'seq <= $3::bigint and pg_visible_in_snapshot(xid, $4::pg_snapshot)'
    const filter = position.snapshot === undefined ? [] : [position.snapshot.last, position.snapshot.text]
    // `trimmed` is read with the same snapshot as the rows: no row is missed that was deleted meanwhile.
    const rows = await this.#query(
      `with page as (
        select seq, ${shown} as shown, keyspaces, put_counts, keys, vals, deleted_counts, deleted
        from ${this.#names.table('commits')} where seq > $1::bigint and seq <= $2::bigint order by seq limit ${PAGE_COMMITS})
      select trimmed > $1::bigint, page.seq, page.shown,
        case when shown then null else keyspaces end, case when shown then null else put_counts end,
        case when shown then null else keys end, case when shown then null else vals end,
        case when shown then null else deleted_counts end, case when shown then null else deleted end
      from ${this.#names.table('state')} left join page on true order by page.seq`,
      [position.seq, safe, ...filter],
    )
    if (rows.length === 0 || booleanOf(rows[0]?.[0])) {
      throw new DriverError('snapshotTooOld', 'the changes after this version have been deleted')
    }
    const commits = rows.filter(([, seq]) => seq !== null)
    for (const row of commits) this.#add(row)
    const seq = commits.length < PAGE_COMMITS ? safe : this.#position.seq
    this.#readTo = { epoch, seq }
    if (this.#queue.length === 0 && commits.length > 0)
      this.#queue.push({ version: this.#version, changes: [] })
  }

  #add(row: Row): void {
    const [, seq, shown] = row
    this.#advance(int8Of(seq))
    if (booleanOf(shown)) return
    const changes = changesOf(row.slice(3), this.#keyspaces)
    if (changes.length > 0) this.#queue.push({ version: this.#version, changes })
  }

  #advance(seq: number): void {
    if (seq > this.#position.seq) this.#position = { ...this.#position, seq }
  }

  get #version(): WatchedCommit['version'] {
    return versionOf(this.#position)
  }

  async #query(text: string, values: (string | number)[]): Promise<readonly Row[]> {
    const answer = await this.#pool.run(new Deadline(READ_MS), (session) => session.query(text, values))
    return answer.rows
  }
}

/** Returns the changes of a commit in the watched keyspaces. */
function changesOf(columns: Row, keyspaces: ReadonlyMap<number, DriverKeyspace>): WatchedChange[] {
  const [ids, putCounts, keys, values, deletedCounts, deleted] = columns
  const watched = int8sOf(ids).map((id) => keyspaces.get(id))
  if (watched.every((keyspace) => keyspace === undefined)) return []
  const [ofPuts, ofDeletions] = [int8sOf(putCounts), int8sOf(deletedCounts)]
  const [putKeys, putValues, deletedKeys] = [byteArraysOf(keys), byteArraysOf(values), byteArraysOf(deleted)]
  const changes: WatchedChange[] = []
  let [putIndex, deletedIndex] = [0, 0]
  watched.forEach((keyspace, part) => {
    const putEnd = putIndex + (ofPuts[part] ?? 0)
    for (; putIndex < putEnd; putIndex++) {
      const [key, value] = [putKeys[putIndex], putValues[putIndex]]
      if (keyspace !== undefined && key !== undefined && value !== undefined) {
        changes.push({ kind: 'put', keyspace, key, value })
      }
    }
    const deletedEnd = deletedIndex + (ofDeletions[part] ?? 0)
    for (; deletedIndex < deletedEnd; deletedIndex++) {
      const key = deletedKeys[deletedIndex]
      if (keyspace !== undefined && key !== undefined) changes.push({ kind: 'delete', keyspace, key })
    }
  })
  return changes
}
