import { writesOverlap } from '../../isolation/reference-transaction.js'
import { assertGuarantee } from '../../base/violation.js'
import type { EngineContent } from './engine.js'
import { accessSetOf, writeSetOf } from '../footprint.js'
import type { DatabaseLife, LifeRecord } from './life.js'
import { isWrite } from '../recorded-history.js'
import type { RecordedHistory, RecordedTransaction } from '../recorded-history.js'

/**
 * A history over several lives. The content after each life decides which commits of unknown outcome happened; the
 * decision is final for all later reads.
 */
export class ResolvedHistory implements RecordedHistory {
  readonly transactions: RecordedTransaction[] = []
  readonly commits: RecordedTransaction[] = []
  /** Commits of unknown outcome that are present after the life, and those that are not. */
  unknownCommitted = 0
  unknownLost = 0
  readonly #allMarks: Set<number> = new Set()

  /**
   * Adds a life.
   *
   * @param content - the content after the life.
   * @throws Violation when the content is not that of a prefix of the commits in the order of their calls.
   */
  add(life: DatabaseLife, { marks, entries }: EngineContent): void {
    const baseCommits = this.commits.length
    const startOf = (record: LifeRecord): number => baseCommits + record.startSeq - life.baseSeq
    const writers = life.records
      .filter(({ commitOrder, events }) => commitOrder !== undefined && events.some(isWrite))
      .sort((a, b) => a.commitOrder! - b.commitOrder!)
    const last = writers.reduce((at, writer, index) => (isFound(writer, { marks, entries }) ? index : at), -1)
    const committed = new Set<LifeRecord>()
    writers.forEach((writer, index) => {
      const isPresent = writer.isSingle ? index <= last && writer.result !== 'refused' : marks.has(writer.id)
      this.#checkResult(writer, isPresent)
      if (!isPresent) {
        if (writer.result === 'unknown' && index < last) this.#assertConflict(writer, startOf(writer))
        return
      }
      committed.add(writer)
      const start = writer.isSingle ? this.commits.length : startOf(writer)
      const recorded = recordedAs(writer, life, start, 'committed')
      recorded.commit = this.commits.push(recorded)
    })
    // A failed commit may still cause conflicts (M16).
    assertGuarantee(life.hasFailed || life.pendingViolation === undefined, () =>
      String(life.pendingViolation),
    )
    this.#addOthers(life, committed, startOf)
    this.#checkMarks(marks)
  }

  /** Adds the transactions that did not commit writes. */
  #addOthers(
    life: DatabaseLife,
    committed: ReadonlySet<LifeRecord>,
    startOf: (record: LifeRecord) => number,
  ): void {
    const byId = new Map(this.commits.map((recorded) => [recorded.id, recorded]))
    for (const record of life.records) {
      if (committed.has(record)) {
        this.transactions.push(byId.get(record.id)!)
      } else if (record.isSingle) {
        // A single write that did not commit has no known snapshot, so its reads are not checked.
        const { events, ...rest } = recordedAs(record, life, 0, 'lost')
        this.transactions.push({ ...rest, events: events.filter(isWrite) })
      } else {
        const isWriter = record.events.some(isWrite)
        const outcome = record.result === 'acknowledged' && !isWriter ? 'committed' : OUTCOMES[record.result]
        this.transactions.push(recordedAs(record, life, startOf(record), outcome))
      }
    }
    for (const { id, start, beganAt } of this.transactions.slice(-life.records.length)) {
      assertGuarantee(start <= this.commits.length, () => `T${id} read from commits that are lost`)
      const missed = this.commits.find(
        (other) => other.commit! > start && other.endedAt < beganAt && other.id !== id,
      )
      const isSingle = life.records.find((record) => record.id === id)?.isSingle === true
      assertGuarantee(
        isSingle || missed === undefined,
        () => `T${id} began after the end of T${missed?.id} and does not see it`,
      )
    }
  }

  #checkResult({ id, result }: LifeRecord, isPresent: boolean): void {
    if (result === 'acknowledged') assertGuarantee(isPresent, () => `T${id} was acknowledged but is lost`)
    else if (result === 'unknown') {
      if (isPresent) this.unknownCommitted++
      else this.unknownLost++
    } else assertGuarantee(!isPresent, () => `T${id} returned '${result}' but is present`)
  }

  /** A commit that is missing although later ones are present must have failed with a conflict. */
  #assertConflict(writer: LifeRecord, start: number): void {
    const accessed = accessSetOf(writer.events)
    const winner = this.commits
      .slice(start)
      .find((other) => !writer.isSingle && writesOverlap(writeSetOf(other.events), accessed))
    assertGuarantee(
      winner !== undefined,
      () => `T${writer.id} is missing without a conflict although later commits are present`,
    )
  }

  #checkMarks(marks: ReadonlySet<number>): void {
    for (const { id, commit } of this.transactions) if (commit !== undefined) this.#allMarks.add(id)
    for (const id of marks) {
      assertGuarantee(this.#allMarks.has(id), () => `T${id} is present but was never committed`)
    }
  }
}

const OUTCOMES = {
  open: 'lost',
  acknowledged: 'committed',
  conflict: 'conflict',
  refused: 'lost',
  'rolled back': 'rolled back',
  unknown: 'lost',
} as const

function isFound(writer: LifeRecord, { marks, entries }: EngineContent): boolean {
  if (!writer.isSingle) return marks.has(writer.id)
  return writer.events.some((event) => event.do === 'put' && entries.get(event.name) === event.value)
}

function recordedAs(
  { id, level, beganAt, endedAt, events, result }: LifeRecord,
  life: DatabaseLife,
  start: number,
  outcome: RecordedTransaction['outcome'],
): RecordedTransaction {
  // A transaction of unknown outcome ended at the end of its life at the latest.
  const end = result === 'unknown' ? life.endedAt : endedAt
  return { id, level, start, commit: undefined, outcome, beganAt, endedAt: end, events }
}
