/** The result of one round of a workload. */
export interface Round {
  readonly operations: number
  readonly elapsedMs: number
  /** Processor time of all threads of the process, which is independent of other load on the machine. */
  readonly cpuMs?: number
  /** Sampled latencies of operations, in microseconds. */
  readonly latenciesUs?: readonly number[]
  /** Latency of the slowest operation, in microseconds. */
  readonly worstUs?: number
}
