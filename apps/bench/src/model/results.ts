import type { Scenario } from './scenario.js'
import type { Summary } from '../measure/statistics.js'

/** The result of one row on one store. */
export interface Measurement {
  readonly row: string
  readonly stage: string
  readonly store: string
  /** Operations per second, summarized over the rounds. */
  readonly rate: Summary
  /** Operations per second of each round, in order. */
  readonly rounds: readonly number[]
  /** Processor time of an operation on all threads, in microseconds: the median of the rounds. */
  readonly cpuUs?: number
  /** Latencies of operations, in microseconds: quantiles of samples, and the slowest operation of all rounds. */
  readonly latencyUs?: {
    readonly p50: number
    readonly p99: number
    readonly p999: number
    readonly max: number
  }
}

/** A row that was not measured on a store, and the reason. */
export interface Omission {
  readonly row: string
  readonly stage: string
  readonly store: string
  readonly reason: string
}

/** Memory and disk space of a store. */
export interface Footprint {
  /** Resident memory of the process, minus that before the store was opened. */
  readonly rssBytes: number
  /** Blocks allocated to its files. */
  readonly diskBytes: number
}

/** The footprint of a store after the rows of a stage. */
export interface Occupancy extends Footprint {
  readonly stage: string
  readonly store: string
  /** Duration of loading, in milliseconds. */
  readonly loadMs: number
  /** Bytes of its keys and values. */
  readonly logicalBytes: number
}

/** The results of all stages. */
export interface StageResults {
  readonly measurements: readonly Measurement[]
  readonly omissions: readonly Omission[]
  readonly occupancies: readonly Occupancy[]
}

/** A row as reports describe it. */
export interface RowDescription {
  readonly id: string
  readonly stage: string
  readonly title: string
  readonly unit: string
  readonly targets?: Readonly<Record<string, number>>
  readonly targetMs?: number
  readonly scenario: Scenario
}
