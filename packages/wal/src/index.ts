/**
 * A write-ahead log: checked records in preallocated segments, with exact recovery.
 *
 * @packageDocumentation
 */

// Log
export { Wal } from './wal.js'
export type { AppendOptions, WalStats } from './wal.js'
export { WalReader } from './read/reader.js'
export type { WalOptions } from './options.js'
export { verifyWal } from './verify.js'
