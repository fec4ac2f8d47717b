import { isLdbError } from '@ldb/base'
import type { IsolationLevel } from '../../suite/isolation-subject.js'
import { promised, Violation } from '../../violation.js'
import type { EngineContent } from './engine.js'
import type { RecordedEvent } from '../recorded-history.js'

/** What whoever called for a commit was told; `'unknown'` is nothing, or that nobody knows. */
export type Answer = 'open' | 'acknowledged' | 'conflict' | 'refused' | 'rolled back' | 'unknown'

/** A transaction, or a single write, as far as its caller knows. */
export interface LifeRecord {
  readonly id: number
  readonly level: IsolationLevel
  /** A single write: it does not conflict, sees all that was called before it, and leaves no mark. */
  readonly isSingle: boolean
  /** Number of the newest commit that it sees; unknown of single writes. */
  readonly startSeq: number
  readonly beganAt: number
  endedAt: number
  /** Place among the calls for a commit; `undefined` when it has called for none. */
  calledAt: number | undefined
  answer: Answer
  readonly events: RecordedEvent[]
}

/** Goes through everybody who works in a life that is over. */
export class LifeOver extends Error {
  override readonly name: string = 'LifeOver'
}

/** What the callers know of one life of the database, from its opening to its end. Nothing is written down behind it. */
export class HistoryLife {
  readonly records: LifeRecord[] = []
  /** What was there at its beginning. */
  readonly content: EngineContent
  readonly baseSeq: number
  /** Something has failed: there will be no more commits. */
  hasFailed = false
  /** Its close was called. */
  isClosing = false
  isOver = false
  /** What is wrong unless something has failed. */
  suspicion: string | undefined = undefined
  overAt: number = Infinity
  readonly #clock: { now: number; ids: number }
  readonly #mayFail: () => boolean
  #callCount = 0

  /** @param mayFail - tells whether a call of the file system has failed. */
  constructor(
    clock: { now: number; ids: number },
    baseSeq: number,
    content: EngineContent,
    mayFail: () => boolean,
  ) {
    this.#clock = clock
    this.#mayFail = mayFail
    this.baseSeq = baseSeq
    this.content = content
  }

  begin(level: IsolationLevel, startSeq: number, isSingle = false): LifeRecord {
    this.assertOn()
    const now = ++this.#clock.now
    const record: LifeRecord = {
      id: ++this.#clock.ids,
      level,
      isSingle,
      startSeq,
      beganAt: now,
      endedAt: now,
      calledAt: undefined,
      answer: 'open',
      events: [],
    }
    this.records.push(record)
    return record
  }

  note(record: LifeRecord, ...events: readonly RecordedEvent[]): void {
    this.assertOn()
    record.events.push(...events)
  }

  /** Its commit is called now. */
  called(record: LifeRecord): void {
    this.assertOn()
    record.calledAt = ++this.#callCount
    record.answer = 'unknown'
  }

  ended(record: LifeRecord, answer: Answer): void {
    this.assertOn()
    record.answer = answer
    record.endedAt = ++this.#clock.now
  }

  /** Whoever worked on it was told of an error. @throws Violation when there is no reason for it. */
  failed(record: LifeRecord, error: unknown): void {
    this.assertOn()
    if (isLdbError(error, 'LDB_CONFLICT')) {
      promised(
        record.calledAt !== undefined && !record.isSingle,
        () => `T${record.id} has a conflict and commits nothing that could have one`,
      )
      this.ended(record, 'conflict')
      return
    }
    if (isLdbError(error, 'LDB_ABORTED')) {
      this.ended(record, 'refused')
      return
    }
    if (isLdbError(error, 'LDB_CLOSED') && this.isClosing) {
      this.ended(record, 'refused')
      return
    }
    const isUntold = isLdbError(error, 'LDB_INVARIANT') || isLdbError(error, 'LDB_CLOSED')
    if (!isLdbError(error) || isUntold || !this.#mayFail()) {
      throw new Violation(`T${record.id} has failed: ${String(error)}`, { cause: error })
    }
    this.hasFailed = true
    this.ended(record, isLdbError(error, 'LDB_POISONED') ? 'refused' : record.answer)
  }

  /** Ends it, at this very moment. */
  end(): void {
    if (this.isOver) return
    this.isOver = true
    this.overAt = ++this.#clock.now
  }

  assertOn(): void {
    if (this.isOver) throw new LifeOver('the life is over')
  }
}
