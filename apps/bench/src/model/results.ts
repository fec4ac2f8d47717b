import type { Scenario } from './scenario.js'
import type { Summary } from '../measure/statistics.js'

/** What the rounds of one row came to on one store. */
export interface Measurement {
  readonly row: string
  readonly stage: string
  readonly store: string
  /** Operations a second, over the rounds. */
  readonly rate: Summary
  /** Operations a second of each round, in order. */
  readonly rounds: readonly number[]
  /** Microseconds that single operations took, where they were sampled. */
  readonly latencyUs?: { readonly p50: number; readonly p99: number; readonly p999: number }
}

/** A row that a store could not be measured at, and why. */
export interface Omission {
  readonly row: string
  readonly stage: string
  readonly store: string
  readonly reason: string
}

/** What a store takes up. */
export interface Footprint {
  /** Resident memory of the process, over what it had before the store was opened. */
  readonly rssBytes: number
  /** Blocks of all its files. */
  readonly diskBytes: number
}

/** What a store took up on a stage, after its rows. */
export interface Occupancy extends Footprint {
  readonly stage: string
  readonly store: string
  /** Milliseconds that loading it took. */
  readonly loadMs: number
  /** Bytes of the keys and values in it. */
  readonly logicalBytes: number
}

/** What stages came to. */
export interface StageResults {
  readonly measurements: readonly Measurement[]
  readonly omissions: readonly Omission[]
  readonly occupancies: readonly Occupancy[]
}

/** What is said of a row wherever results are shown. */
export interface RowDescription {
  readonly id: string
  readonly stage: string
  readonly title: string
  readonly unit: string
  readonly targets?: Readonly<Record<string, number>>
  readonly targetMs?: number
  readonly scenario: Scenario
}
