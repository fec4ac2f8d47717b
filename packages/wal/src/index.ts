/**
 * A write-ahead log: checksummed records in preallocated segments, with exact recovery.
 *
 * @packageDocumentation
 */

// Log
export { Wal } from './wal.js'
export type { LogHistory } from './log-history.js'
export type { ExternalValues } from './external-values.js'
export type { AppendOptions } from './append-options.js'
export type { WalStats } from './wal-stats.js'
export { WalReader } from './read/reader.js'
export type { CreatedLog, WalOptions } from './options.js'
export { verifyWal } from './verify.js'
export type { OldSegments } from './read/old-segments.js'

// Salvage
export { salvageLog } from './salvage.js'
export type { LogLoss, LogSalvageReport, LogSalvageSink, SalvagedRecord } from './salvage.js'
