import { KEY_BYTES } from '../data/keys.js'
import type { Scenario } from './scenario.js'

/** One line of the report: a workload on a stage. */
export interface Row {
  readonly id: string
  readonly title: string
  readonly workload: string
  /** What an operation is. */
  readonly unit: 'entry' | 'commit' | 'range' | 'operation' | 'opening' | 'key'
  /** What LDB wants to reach, as a multiple of the operations a second of a store. */
  readonly targets?: Readonly<Record<string, number>>
  /** What LDB wants to take at most for an operation, in milliseconds. */
  readonly targetMs?: number
  /** Stores that it is about; all of them when left out. */
  readonly stores?: readonly string[]
}

/** Rows that share the processes and the contents of their stores. */
export interface Stage {
  readonly id: string
  readonly scenario: Scenario
  readonly rows: readonly Row[]
  /** Played in a full run, or when asked for by name. */
  readonly onlyFull?: boolean
  /** Whether a bare file, which can only be written, shows the limit. */
  readonly includesBareFile?: boolean
}

/** Returns the bytes of the keys and values of all entries; a tuple counts as sixteen. */
export function logicalBytes({ entryCount, keyShape, valueBytes }: Scenario): number {
  return entryCount * ((KEY_BYTES[keyShape] || 16) + valueBytes)
}
