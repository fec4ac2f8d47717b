import { ChainHash } from './chain-hash.js'

/** A position in the log, with the state that a segment which begins there records in its header. */
export interface LogPosition {
  readonly lsn: number
  /** Seq of the last record before the position. */
  readonly lastSeq: number
  /** Chain hash over all records before the position. */
  readonly chainHash: ChainHash
}

/** Position of the first record of a log. */
export const LOG_START: LogPosition = { lsn: 0, lastSeq: 0, chainHash: new ChainHash(0, 0) }
