import type { Effort } from './effort.js'

/** One figure that a probe has found. */
export interface Finding {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What it should not be above. */
  readonly atMost?: number
  /** What it should not be below. */
  readonly atLeast?: number
}

/** A question about LDB alone, which is not answered in operations a second. It runs in a process of its own. */
export interface Probe {
  readonly id: string
  readonly title: string
  /** Answers it, with files in `dir`, which is empty. */
  run(effort: Effort['name'], dir: string): Promise<Finding[]>
}

/** What a probe came to. */
export interface ProbeResult {
  readonly id: string
  readonly title: string
  readonly findings: readonly Finding[]
  /** Why there are none. */
  readonly failure?: string
}
