import type { Effort } from '../model/effort.js'
import type { Machine } from '../measure/machine.js'
import type { Finding, ProbeResult } from '../model/probe.js'
import type { Measurement, Occupancy, Omission, RowDescription } from '../model/results.js'
import type { SyncCount } from '../measure/sync-counts.js'

/** Version of the JSON format of {@link Report}. */
export const REPORT_VERSION = 1

/** A store of a report. */
export interface StoreDescription {
  readonly id: string
  readonly title: string
  readonly version: string
}

/** The results of a run: what `--json` writes, and the input of every other format. */
export interface Report {
  readonly version: number
  /** Start of the run, in ISO 8601. */
  readonly startedAt: string
  readonly durationMs: number
  readonly command: string
  readonly commit: string
  readonly effort: Effort
  readonly machine: Machine
  /** LDB first. */
  readonly stores: readonly StoreDescription[]
  /** Stores that were not available, and the reason. */
  readonly leftOut: readonly { readonly store: string; readonly reason: string }[]
  readonly rows: readonly RowDescription[]
  readonly measurements: readonly Measurement[]
  readonly omissions: readonly Omission[]
  readonly occupancies: readonly Occupancy[]
  readonly probes: readonly ProbeResult[]
  readonly syncCounts: readonly SyncCount[]
}

/** The store whose rate is divided by those of the others. */
export const OWN_STORE = 'ldb'

/** The ratio of LDB to one peer in one row. */
export interface Ratio {
  readonly store: string
  /** Operations per second of LDB, divided by those of the peer. */
  readonly value: number
  readonly target: number | undefined
}

/** Returns the measurement of a row on a store; `undefined` when there is none. */
export function measurementOf(report: Report, row: string, store: string): Measurement | undefined {
  return report.measurements.find((candidate) => candidate.row === row && candidate.store === store)
}

/** Returns the ratios of LDB to every peer that the row was measured on. */
export function ratiosOf(report: Report, row: RowDescription): Ratio[] {
  const own = measurementOf(report, row.id, OWN_STORE)
  if (own === undefined) return []
  return report.stores.flatMap(({ id }): Ratio[] => {
    const peer = id === OWN_STORE ? undefined : measurementOf(report, row.id, id)
    if (peer === undefined) return []
    return [{ store: id, value: own.rate.median / peer.rate.median, target: row.targets?.[id] }]
  })
}

/** Reports whether LDB meets the duration aim of a row; `undefined` when there is no aim or no measurement. */
export function timeVerdict(report: Report, row: RowDescription): boolean | undefined {
  const own = measurementOf(report, row.id, OWN_STORE)
  if (row.targetMs === undefined || own === undefined) return undefined
  return 1000 / own.rate.median <= row.targetMs
}

/** The aim of a finding, and whether it is met. */
export interface Limit {
  readonly sign: '≤' | '≥'
  readonly value: number
  readonly met: boolean
}

/** Returns the aim of a finding; `undefined` when it has none. */
export function limitOf({ value, atMost, atLeast }: Finding): Limit | undefined {
  if (atMost !== undefined) return { sign: '≤', value: atMost, met: value <= atMost }
  if (atLeast !== undefined) return { sign: '≥', value: atLeast, met: value >= atLeast }
  return undefined
}
