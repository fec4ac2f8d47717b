import type { IsolationLevel, ScanRange } from '../suite/isolation-subject.js'

/** An operation of a transaction. Names are `keyspace/key`; every written value is unique. */
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

/** A transaction as its client observes it. */
export interface RecordedTransaction {
  readonly id: number
  readonly level: IsolationLevel
  /** Number of writing commits that were acknowledged when it began: the state of its snapshot. */
  readonly start: number
  /** Its own commit number, or `undefined` when it wrote nothing or did not commit. */
  commit: number | undefined
  outcome: 'committed' | 'conflict' | 'rolled back' | 'lost'
  /** Logical time of its begin and end. */
  readonly beganAt: number
  endedAt: number
  readonly events: RecordedEvent[]
}

/** The transactions of a run, in order of their begin. The version order of every key is the commit order. */
export interface RecordedHistory {
  readonly transactions: readonly RecordedTransaction[]
  /** Committed writers in commit order; the first has number 1. */
  readonly commits: readonly RecordedTransaction[]
}

/**
 * Returns the part of its range that a scan has read. A scan that its limit cut has read up to its last entry,
 * inclusive.
 */
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
