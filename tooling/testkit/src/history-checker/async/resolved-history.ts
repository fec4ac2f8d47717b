import { writesOverlap } from '../../isolation/reference-transaction.js'
import { promised } from '../../violation.js'
import type { EngineContent } from './engine.js'
import { touchedBy, writtenBy } from '../footprint.js'
import type { HistoryLife, LifeRecord } from './life.js'
import { isWrite } from '../recorded-history.js'
import type { RecordedHistory, RecordedTransaction } from '../recorded-history.js'

/**
 * A history over several lives. What was found at the end of each decides what became of those of whom nobody knew: they
 * are in or out from then on, for everybody.
 */
export class ResolvedHistory implements RecordedHistory {
  readonly transactions: RecordedTransaction[] = []
  readonly commits: RecordedTransaction[] = []
  /** Commits of whom nobody knew, and that were in, or out. */
  unknownIn = 0
  unknownOut = 0
  readonly #allMarks: Set<number> = new Set()

  /**
   * Takes a life in.
   *
   * @param after - what was found behind it.
   * @throws Violation when that is not what all calls in their order leave, cut off at one of them.
   */
  add(life: HistoryLife, { marks, found }: EngineContent): void {
    const baseCommits = this.commits.length
    const startOf = (record: LifeRecord): number => baseCommits + record.startSeq - life.baseSeq
    const writers = life.records
      .filter(({ calledAt, events }) => calledAt !== undefined && events.some(isWrite))
      .sort((a, b) => a.calledAt! - b.calledAt!)
    const last = writers.reduce((at, writer, index) => (isFound(writer, { marks, found }) ? index : at), -1)
    const kept = new Set<LifeRecord>()
    writers.forEach((writer, index) => {
      const isIn = writer.isSingle ? index <= last && writer.answer !== 'refused' : marks.has(writer.id)
      this.#hold(writer, isIn)
      if (!isIn) {
        if (writer.answer === 'unknown' && index < last) this.#assertMayHaveLost(writer, startOf(writer))
        return
      }
      kept.add(writer)
      const start = writer.isSingle ? this.commits.length : startOf(writer)
      const recorded = recordedAs(writer, life, start, 'committed')
      recorded.commit = this.commits.push(recorded)
    })
    // A commit that has failed may still win over others (M16).
    promised(life.hasFailed || life.suspicion === undefined, () => String(life.suspicion))
    this.#takeRest(life, kept, startOf)
    this.#checkMarks(marks)
  }

  /** Everybody else: who wrote nothing, has lost, was rolled back, or is out. */
  #takeRest(life: HistoryLife, kept: ReadonlySet<LifeRecord>, startOf: (record: LifeRecord) => number): void {
    const committed = new Map(this.commits.map((recorded) => [recorded.id, recorded]))
    for (const record of life.records) {
      if (kept.has(record)) {
        this.transactions.push(committed.get(record.id)!)
      } else if (record.isSingle) {
        // What it read, it read at a place that nobody knows.
        const { events, ...rest } = recordedAs(record, life, 0, 'lost')
        this.transactions.push({ ...rest, events: events.filter(isWrite) })
      } else {
        const isWriter = record.events.some(isWrite)
        const outcome = record.answer === 'acknowledged' && !isWriter ? 'committed' : OUTCOMES[record.answer]
        this.transactions.push(recordedAs(record, life, startOf(record), outcome))
      }
    }
    for (const { id, start, beganAt } of this.transactions.slice(-life.records.length)) {
      promised(start <= this.commits.length, () => `T${id} has seen commits that are lost`)
      const missed = this.commits.find(
        (other) => other.commit! > start && other.endedAt < beganAt && other.id !== id,
      )
      const isSingle = life.records.find((record) => record.id === id)?.isSingle === true
      promised(
        isSingle || missed === undefined,
        () => `T${id} began behind the end of T${missed?.id}, and does not see it`,
      )
    }
  }

  #hold({ id, answer }: LifeRecord, isIn: boolean): void {
    if (answer === 'acknowledged') promised(isIn, () => `T${id} was acknowledged and is lost`)
    else if (answer === 'unknown') {
      if (isIn) this.unknownIn++
      else this.unknownOut++
    } else promised(!isIn, () => `T${id} has got '${answer}' and is there`)
  }

  /** Who is out while later ones are in must have lost to somebody. */
  #assertMayHaveLost(writer: LifeRecord, start: number): void {
    const touched = touchedBy(writer.events)
    const winner = this.commits
      .slice(start)
      .find((other) => !writer.isSingle && writesOverlap(writtenBy(other.events), touched))
    promised(
      winner !== undefined,
      () => `T${writer.id} is not there, although nobody was against it and later ones are`,
    )
  }

  #checkMarks(marks: ReadonlySet<number>): void {
    for (const { id, commit } of this.transactions) if (commit !== undefined) this.#allMarks.add(id)
    for (const id of marks) {
      promised(this.#allMarks.has(id), () => `T${id} is there, and was never committed`)
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

function isFound(writer: LifeRecord, { marks, found }: EngineContent): boolean {
  if (!writer.isSingle) return marks.has(writer.id)
  return writer.events.some((event) => event.do === 'put' && found.get(event.name) === event.value)
}

function recordedAs(
  { id, level, beganAt, endedAt, events, answer }: LifeRecord,
  life: HistoryLife,
  start: number,
  outcome: RecordedTransaction['outcome'],
): RecordedTransaction {
  // Of whom nobody knows when he ended, it was at the end of the life at the latest.
  const end = answer === 'unknown' ? life.overAt : endedAt
  return { id, level, start, commit: undefined, outcome, beganAt, endedAt: end, events }
}
