import type { IsolationLevel, ScanRange } from '../suite/isolation-subject.js'

/** What a transaction has done, in its order. Names are `keyspace/key`; every value is written once only. */
export type RecordedEvent =
  | { readonly do: 'get'; readonly name: string; readonly value: string | undefined }
  | {
      readonly do: 'scan'
      readonly keyspace: string
      readonly range: ScanRange
      readonly entries: readonly (readonly [key: string, value: string])[]
    }
  | { readonly do: 'put'; readonly name: string; readonly value: string }
  | { readonly do: 'delete'; readonly name: string }
  | { readonly do: 'deleteRange'; readonly keyspace: string; readonly gte: string; readonly lt: string }
  | { readonly do: 'lock'; readonly name: string; readonly value: string | undefined }

/** A transaction as it was seen from outside. */
export interface RecordedTransaction {
  readonly id: number
  readonly level: IsolationLevel
  /** Commits with writes that had been acknowledged when it began: the state that it must see. */
  readonly start: number
  /** Its own number among them; `undefined` when it wrote nothing or was not committed. */
  commit: number | undefined
  outcome: 'committed' | 'conflict' | 'rolled back' | 'lost'
  /** When it began and ended: steps of the whole run. */
  readonly beganAt: number
  endedAt: number
  readonly events: RecordedEvent[]
}

/** A run: transactions by their order of beginning. The version order of every key is that of the commits. */
export interface RecordedHistory {
  readonly transactions: readonly RecordedTransaction[]
  /** Committed writers by their number, from 1 on. */
  readonly commits: readonly RecordedTransaction[]
}

/** The part of its range that a scan has looked at: to the last entry, when its limit cut it. Inclusive bounds. */
export function scannedPart(event: RecordedEvent & { readonly do: 'scan' }): {
  readonly covers: (key: string) => boolean
} {
  const { gte, lt, reverse = false, limit = Infinity } = event.range
  const last = event.entries.length >= limit ? event.entries.at(-1)?.[0] : undefined
  return {
    covers: (key) =>
      (gte === undefined || key >= gte) &&
      (lt === undefined || key < lt) &&
      limit > 0 &&
      (last === undefined || (reverse ? key >= last : key <= last)),
  }
}

/** Reports whether an event makes its transaction a writer. */
export function isWrite({ do: what }: RecordedEvent): boolean {
  return what === 'put' || what === 'delete' || what === 'deleteRange'
}
