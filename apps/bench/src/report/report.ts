import type { Effort } from '../model/effort.js'
import type { Machine } from '../measure/machine.js'
import type { Finding, ProbeResult } from '../model/probe.js'
import type { Measurement, Occupancy, Omission, RowDescription } from '../model/results.js'
import type { SyncCount } from '../measure/sync-counts.js'

/** Version of the shape of {@link Report}. */
export const REPORT_VERSION = 1

/** A store of a report. */
export interface StoreDescription {
  readonly id: string
  readonly title: string
  readonly version: string
}

/** All that a run has found: what `--json` writes and everything else is made of. */
export interface Report {
  readonly version: number
  /** When it began, in ISO 8601. */
  readonly startedAt: string
  readonly durationMs: number
  readonly command: string
  readonly commit: string
  readonly effort: Effort
  readonly machine: Machine
  /** LDB first. */
  readonly stores: readonly StoreDescription[]
  /** Stores that could not be had, and why. */
  readonly leftOut: readonly { readonly store: string; readonly reason: string }[]
  readonly rows: readonly RowDescription[]
  readonly measurements: readonly Measurement[]
  readonly omissions: readonly Omission[]
  readonly occupancies: readonly Occupancy[]
  readonly probes: readonly ProbeResult[]
  readonly syncCounts: readonly SyncCount[]
}

/** The store whose speed is divided by that of the others. */
export const OWN_STORE = 'ldb'

/** What one row says of one peer. */
export interface Ratio {
  readonly store: string
  /** How many times as many operations a second LDB does. */
  readonly value: number
  readonly target: number | undefined
}

/** Returns the measurement of a row on a store; `undefined` when there is none. */
export function measurementOf(report: Report, row: string, store: string): Measurement | undefined {
  return report.measurements.find((candidate) => candidate.row === row && candidate.store === store)
}

/** Compares LDB with every peer that a row was measured on. */
export function ratiosOf(report: Report, row: RowDescription): Ratio[] {
  const own = measurementOf(report, row.id, OWN_STORE)
  if (own === undefined) return []
  return report.stores.flatMap(({ id }): Ratio[] => {
    const peer = id === OWN_STORE ? undefined : measurementOf(report, row.id, id)
    if (peer === undefined) return []
    return [{ store: id, value: own.rate.median / peer.rate.median, target: row.targets?.[id] }]
  })
}

/** Says whether LDB takes less for an operation than it wants to; `undefined` when it has said nothing. */
export function timeVerdict(report: Report, row: RowDescription): boolean | undefined {
  const own = measurementOf(report, row.id, OWN_STORE)
  if (row.targetMs === undefined || own === undefined) return undefined
  return 1000 / own.rate.median <= row.targetMs
}

/** The bound that a finding has, and whether it keeps to it. */
export interface Limit {
  readonly sign: '≤' | '≥'
  readonly value: number
  readonly met: boolean
}

/** Returns the bound of a finding; `undefined` when nothing is asked of it. */
export function limitOf({ value, atMost, atLeast }: Finding): Limit | undefined {
  if (atMost !== undefined) return { sign: '≤', value: atMost, met: value <= atMost }
  if (atLeast !== undefined) return { sign: '≥', value: atLeast, met: value >= atLeast }
  return undefined
}
