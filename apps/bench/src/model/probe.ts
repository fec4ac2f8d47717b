import type { Effort } from './effort.js'

/** One figure of a probe. */
export interface Finding {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** Upper limit of the aim. */
  readonly atMost?: number
  /** Lower limit of the aim. */
  readonly atLeast?: number
}

/** A measurement of LDB alone that is not a rate of operations. It runs in its own process. */
export interface Probe {
  readonly id: string
  readonly title: string
  /** Measures. `dir` is an empty folder. */
  run(effort: Effort['name'], dir: string): Promise<Finding[]>
}

/** The findings of a probe, or its failure. */
export interface ProbeResult {
  readonly id: string
  readonly title: string
  readonly findings: readonly Finding[]
  /** Why there are no findings. */
  readonly failure?: string
}
