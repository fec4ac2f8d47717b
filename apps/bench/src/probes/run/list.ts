import type { Probe } from '../../model/probe.js'
import { commits } from '../commits.js'
import { compression } from '../compression/compression.js'
import { dictionaries } from '../compression/dictionaries.js'
import { compaction } from '../maintenance/compaction.js'
import { deviceReads } from '../device-reads.js'
import { encryption } from '../maintenance/encryption.js'
import { eventLoop } from '../event-loop.js'
import { eviction } from '../eviction.js'
import { expiry } from '../maintenance/expiry.js'
import { garbage } from '../garbage.js'
import { largeValues } from '../maintenance/large-values.js'
import { logStructured } from '../maintenance/log-structured.js'
import { memory } from '../memory.js'
import { missPath } from '../miss-path.js'
import { coldStart } from '../opening/cold-start.js'
import { opening } from '../opening/opening.js'
import { recovery } from '../recovery.js'
import { sortedLoad } from '../maintenance/sorted-load.js'
import { keyTypes } from '../key-types.js'
import { transactionContention } from '../transaction-contention.js'
import { transactionCost } from '../transaction-cost.js'
import { transactionSize } from '../transaction-size.js'

/** Every probe, in the order of execution. */
export const PROBES: readonly Probe[] = [
  recovery,
  opening,
  coldStart,
  memory,
  missPath,
  garbage,
  eviction,
  transactionCost,
  transactionSize,
  transactionContention,
  keyTypes,
  commits,
  eventLoop,
  compaction,
  compression,
  dictionaries,
  encryption,
  expiry,
  sortedLoad,
  logStructured,
  largeValues,
  deviceReads,
]
