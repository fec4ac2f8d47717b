import { KEY_BYTES } from '../data/keys.js'
import type { Scenario } from './scenario.js'

/** One line of the report: a workload on a stage. */
export interface Row {
  readonly id: string
  readonly title: string
  readonly workload: string
  /** What one operation is. */
  readonly unit: 'entry' | 'commit' | 'range' | 'operation' | 'opening' | 'key'
  /** LDB's aims, as multiples of the operations per second of other stores, by store. */
  readonly targets?: Readonly<Record<string, number>>
  /** LDB's aim for the duration of one operation, in milliseconds. */
  readonly targetMs?: number
  /** Stores that run the row; all when absent. */
  readonly stores?: readonly string[]
}

/** Rows that share the processes and the contents of their stores. */
export interface Stage {
  readonly id: string
  readonly scenario: Scenario
  readonly rows: readonly Row[]
  /** Runs only with `--full`, or when selected by name. */
  readonly onlyFull?: boolean
  /** Whether a bare file, which can only be written, is measured as an upper limit. */
  readonly includesBareFile?: boolean
}

/** Returns the bytes of all keys and values; a tuple key counts as 16. */
export function logicalBytes({ entryCount, keyShape, valueBytes }: Scenario): number {
  return entryCount * ((KEY_BYTES[keyShape] || 16) + valueBytes)
}
