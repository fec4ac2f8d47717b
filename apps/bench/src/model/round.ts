/** What one round of a workload came to. */
export interface Round {
  readonly operations: number
  readonly elapsedMs: number
  /** Time that the threads of the process were at work, which other work on the machine does not lengthen. */
  readonly cpuMs?: number
  /** Microseconds that single operations took, sampled. */
  readonly latenciesUs?: readonly number[]
}
