import { isLdbError } from '@ldb/base'
import type { IsolationLevel } from '../../suite/isolation-subject.js'
import { promised, Violation } from '../../violation.js'
import type { EngineContent } from './engine.js'
import type { RecordedEvent } from '../recorded-history.js'

/** What whoever called for a commit was told; `'unknown'` is nothing, or that nobody knows. */
export type CommitResult = 'open' | 'acknowledged' | 'conflict' | 'refused' | 'rolled back' | 'unknown'

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
  commitOrder: number | undefined
  result: CommitResult
  readonly events: RecordedEvent[]
}

/** Goes through everybody who works in a life that is over. */
export class LifeEnded extends Error {
  override readonly name: string = 'LifeOver'
}

/** What the callers know of one life of the database, from its opening to its end. Nothing is written down behind it. */
export class DatabaseLife {
  readonly records: LifeRecord[] = []
  /** What was there at its beginning. */
  readonly content: EngineContent
  readonly baseSeq: number
  /** Something has failed: there will be no more commits. */
  hasFailed = false
  /** Its close was called. */
  isClosing = false
  hasEnded = false
  /** What is wrong unless something has failed. */
  pendingViolation: string | undefined = undefined
  endedAt: number = Infinity
  readonly #clock: { now: number; ids: number }
  readonly #mayFail: () => boolean
  #commitCallCount = 0

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
    this.assertRunning()
    const now = ++this.#clock.now
    const record: LifeRecord = {
      id: ++this.#clock.ids,
      level,
      isSingle,
      startSeq,
      beganAt: now,
      endedAt: now,
      commitOrder: undefined,
      result: 'open',
      events: [],
    }
    this.records.push(record)
    return record
  }

  record(record: LifeRecord, ...events: readonly RecordedEvent[]): void {
    this.assertRunning()
    record.events.push(...events)
  }

  /** Its commit is called now. */
  commitCalled(record: LifeRecord): void {
    this.assertRunning()
    record.commitOrder = ++this.#commitCallCount
    record.result = 'unknown'
  }

  ended(record: LifeRecord, answer: CommitResult): void {
    this.assertRunning()
    record.result = answer
    record.endedAt = ++this.#clock.now
  }

  /** Whoever worked on it was told of an error. @throws Violation when there is no reason for it. */
  failed(record: LifeRecord, error: unknown): void {
    this.assertRunning()
    if (isLdbError(error, 'LDB_CONFLICT')) {
      promised(
        record.commitOrder !== undefined && !record.isSingle,
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
    this.ended(record, isLdbError(error, 'LDB_POISONED') ? 'refused' : record.result)
  }

  /** Ends it, at this very moment. */
  end(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.endedAt = ++this.#clock.now
  }

  assertRunning(): void {
    if (this.hasEnded) throw new LifeEnded('the life is over')
  }
}
