import { invalidArgument, ownOptions } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import type { UnitCipher } from '@ldb/integrity'
import type { ExternalValues } from './external-values.js'
import { OWNER_ID_BYTES } from './format.js'

/** Options of `Wal.open`. All are optional. @category Log */
export interface WalOptions {
  /**
   * Bytes of records after which the log rotates to the next segment; 1 KiB to 1 GiB. Smaller segments can be truncated sooner; each one
   * costs two syncs and one file.
   *
   * @defaultValue 64 MiB
   */
  readonly segmentBytes?: number
  /**
   * Bytes of records that are buffered in memory before an append flushes them; 4 KiB to 256 MiB.
   *
   * @defaultValue 1 MiB
   */
  readonly bufferBytes?: number
  /**
   * Maximum number of zero bytes that one preallocation writes, so that syncs go to allocated space; 0 to 64 MiB. Use 0 on
   * copy-on-write file systems, where preallocation has no benefit.
   *
   * @defaultValue 4 MiB
   */
  readonly preallocateBytes?: number
  /**
   * Creates the log and its directory when there is none. When false, opening a missing log is LDB_NOT_FOUND.
   *
   * @defaultValue true
   */
  readonly create?: boolean
  /**
   * The caller knows that the log exists. A missing log is LDB_CORRUPTION.
   *
   * @defaultValue false
   */
  readonly mustExist?: boolean
  /**
   * 16-byte id of the owner of the log, written to every segment. A segment with another owner id is LDB_CORRUPTION, so
   * that a log is never taken for that of another owner. Without this option, a new log has no owner (zeros) and an existing log keeps its
   * owner.
   */
  readonly ownerId?: Uint8Array
  /**
   * Synced before the first write to an existing log: whatever else the durability of its records depends on, such as the
   * directory entry of the log.
   */
  readonly beforeWriting?: Syncable
  /**
   * No other process can find a new log until its owner publishes it, for instance by a rename of a directory above. The creation then
   * syncs neither the segment nor directories: the owner calls `sync`, and syncs the directory of the log and that of its entry.
   *
   * @defaultValue false
   */
  readonly isUnpublished?: boolean
  /**
   * The log that this process has just created and synced. It is continued in the same segment, unless another process has opened it
   * meanwhile.
   */
  readonly continues?: CreatedLog
  /** The values that records of type 6 name. Without them, no such record can be appended. */
  readonly values?: ExternalValues
  /**
   * Makes the cipher of the segment with an id, which encrypts its payloads. A log that is not encrypted is then LDB_KEY, and so is an
   * encrypted one without this option.
   */
  readonly createCipher?: (segmentId: Uint8Array) => UnitCipher
}

/** The end of a log that this process has created: everything before it is on the device. @category Log */
export interface CreatedLog {
  /** Id of its only segment. */
  readonly segmentId: Uint8Array
  readonly endLsn: number
}

/** {@link WalOptions} with all defaults applied. */
export type ResolvedWalOptions = Readonly<
  Required<Omit<WalOptions, 'ownerId' | 'beforeWriting' | 'continues' | 'values' | 'createCipher'>>
> & {
  readonly ownerId: Uint8Array | undefined
  readonly beforeWriting: Syncable | undefined
  readonly continues: CreatedLog | undefined
  readonly values: ExternalValues | undefined
  readonly createCipher: ((segmentId: Uint8Array) => UnitCipher) | undefined
}

const KIB = 1024
const MIB = 1024 * KIB

const KNOWN = [
  'segmentBytes',
  'bufferBytes',
  'preallocateBytes',
  'create',
  'mustExist',
  'ownerId',
  'beforeWriting',
  'isUnpublished',
  'continues',
  'values',
  'createCipher',
] as const

/** Validates options and applies the defaults. */
export function resolveWalOptions(options: WalOptions | undefined): ResolvedWalOptions {
  const own = ownOptions(options, KNOWN, 'options of a log') as WalOptions
  return Object.freeze({
    segmentBytes: integerWithin('segmentBytes', own.segmentBytes ?? 64 * MIB, KIB, 1024 * MIB),
    bufferBytes: integerWithin('bufferBytes', own.bufferBytes ?? MIB, 4 * KIB, 256 * MIB),
    preallocateBytes: integerWithin('preallocateBytes', own.preallocateBytes ?? 4 * MIB, 0, 64 * MIB),
    create: flag('create', own.create ?? true),
    mustExist: flag('mustExist', own.mustExist ?? false),
    ownerId: idOrNone('ownerId', own.ownerId),
    beforeWriting: own.beforeWriting,
    isUnpublished: flag('isUnpublished', own.isUnpublished ?? false),
    continues: own.continues,
    values: own.values,
    createCipher: own.createCipher,
  })
}

function integerWithin(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw invalidArgument(`${name} must be an integer from ${least} to ${most}`)
  }
  return value
}

function idOrNone(name: string, value: unknown): Uint8Array | undefined {
  if (value === undefined) return undefined
  if (!(value instanceof Uint8Array) || value.length !== OWNER_ID_BYTES) {
    throw invalidArgument(`${name} must be ${OWNER_ID_BYTES} bytes`)
  }
  return value.slice()
}

function flag(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidArgument(`${name} must be true or false`)
  return value
}
