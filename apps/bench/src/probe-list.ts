import type { Probe } from './probe.js'
import { commits } from './probes/commits.js'
import { deviceReads } from './probes/device-reads.js'
import { eventLoop } from './probes/event-loop.js'
import { eviction } from './probes/eviction.js'
import { garbage } from './probes/garbage.js'
import { memory } from './probes/memory.js'
import { missPath } from './probes/miss-path.js'
import { recovery } from './probes/recovery.js'
import { transactionCost } from './probes/transaction-cost.js'
import { transactionSize } from './probes/transaction-size.js'

/** Every probe, in the order in which they run. */
export const PROBES: readonly Probe[] = [
  recovery,
  memory,
  missPath,
  garbage,
  eviction,
  transactionCost,
  transactionSize,
  commits,
  eventLoop,
  deviceReads,
]
