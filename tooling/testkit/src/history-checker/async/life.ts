import { isLdbError } from '@ldb/base'
import type { IsolationLevel } from '../../suite/isolation-subject.js'
import { assertGuarantee, Violation } from '../../base/violation.js'
import type { EngineContent } from './engine.js'
import type { RecordedEvent } from '../recorded-history.js'

/**
 * The result of a commit call as its caller knows it. `'unknown'` means no result, or an error that leaves the
 * outcome open.
 */
export type CommitResult = 'open' | 'acknowledged' | 'conflict' | 'refused' | 'rolled back' | 'unknown'

/** A transaction or single write as its caller knows it. */
export interface LifeRecord {
  readonly id: number
  readonly level: IsolationLevel
  /** A single write: it cannot conflict, sees all earlier calls, and writes no mark. */
  readonly isSingle: boolean
  /** Number of the newest commit in its snapshot; 0 for single writes, where it is unknown. */
  readonly startSeq: number
  readonly beganAt: number
  endedAt: number
  /** Its number in the order of commit calls; `undefined` before the call. */
  commitOrder: number | undefined
  result: CommitResult
  readonly events: RecordedEvent[]
}

/** Thrown into the clients of a life that has ended. */
export class LifeEnded extends Error {
  override readonly name: string = 'LifeOver'
}

/** The records of one life of the database, from its open to its end. Nothing is recorded after the end. */
export class DatabaseLife {
  readonly records: LifeRecord[] = []
  /** Content after the open. */
  readonly content: EngineContent
  readonly baseSeq: number
  /** True after a failure: no further commit can succeed. */
  hasFailed = false
  /** True after the call of `close`. */
  isClosing = false
  hasEnded = false
  /** A violation that counts only when no call has failed. */
  pendingViolation: string | undefined = undefined
  endedAt: number = Infinity
  readonly #clock: { now: number; ids: number }
  readonly #mayFail: () => boolean
  #commitCallCount = 0

  /** @param mayFail - reports whether a call of the file system has failed. */
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

  /** Records the call of a commit. */
  commitCalled(record: LifeRecord): void {
    this.assertRunning()
    record.commitOrder = ++this.#commitCallCount
    record.result = 'unknown'
  }

  ended(record: LifeRecord, result: CommitResult): void {
    this.assertRunning()
    record.result = result
    record.endedAt = ++this.#clock.now
  }

  /** Records an error of a call. @throws Violation when no fault explains the error. */
  failed(record: LifeRecord, error: unknown): void {
    this.assertRunning()
    if (isLdbError(error, 'LDB_CONFLICT')) {
      assertGuarantee(
        record.commitOrder !== undefined && !record.isSingle,
        () => `T${record.id} has a conflict but commits nothing that can conflict`,
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
    const isNeverExpected = isLdbError(error, 'LDB_INVARIANT') || isLdbError(error, 'LDB_CLOSED')
    if (!isLdbError(error) || isNeverExpected || !this.#mayFail()) {
      throw new Violation(`T${record.id} has failed: ${String(error)}`, { cause: error })
    }
    this.hasFailed = true
    this.ended(record, isLdbError(error, 'LDB_POISONED') ? 'refused' : record.result)
  }

  /** Ends the life immediately. */
  end(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.endedAt = ++this.#clock.now
  }

  assertRunning(): void {
    if (this.hasEnded) throw new LifeEnded('the life is over')
  }
}
