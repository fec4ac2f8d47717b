import { invalidArgument } from '@ldb/base'
import type { Syncable } from '@ldb/base'
import { OWNER_ID_BYTES } from './format.js'

/** How a log is opened and kept. All are optional. @category Log */
export interface WalOptions {
  /**
   * Bytes of records after which the next segment is begun; 1 KiB to 1 GiB. Smaller ones are cut off sooner; each
   * costs two syncs and one more file.
   *
   * @defaultValue 64 MiB
   */
  readonly segmentBytes?: number
  /**
   * Bytes of records that wait in memory before they are handed to the operating system unasked; 4 KiB to 256 MiB.
   *
   * @defaultValue 1 MiB
   */
  readonly bufferBytes?: number
  /**
   * Most bytes that are filled with zeros ahead at a time, so that syncs go into allocated space; 0 to 64 MiB. 0 for
   * file systems that copy on write, where it gains nothing.
   *
   * @defaultValue 4 MiB
   */
  readonly preallocateBytes?: number
  /**
   * Make a log, and its directory, when there is none; otherwise LDB_NOT_FOUND.
   *
   * @defaultValue true
   */
  readonly create?: boolean
  /**
   * The caller knows that a log was here: finding none is LDB_CORRUPTION.
   *
   * @defaultValue false
   */
  readonly mustExist?: boolean
  /**
   * 16 bytes that name whoever the log belongs to. Written into each segment; a segment that bears others is
   * LDB_CORRUPTION, so that the log of one owner never passes for that of another. Without it, a new log belongs to
   * nobody, and one that is there stays whose it is.
   */
  readonly ownerId?: Uint8Array
  /**
   * What the records are to hang on besides the log itself, the name of its directory for instance: brought to the device
   * before a log that was found is written to for the first time.
   */
  readonly beforeWriting?: Syncable
}

/** {@link WalOptions} with every default filled in. */
export type ResolvedWalOptions = Readonly<Required<Omit<WalOptions, 'ownerId' | 'beforeWriting'>>> & {
  readonly ownerId: Uint8Array | undefined
  readonly beforeWriting: Syncable | undefined
}

const KIB = 1024
const MIB = 1024 * KIB

/** Checks options and fills the defaults in. */
export function resolveWalOptions(options: WalOptions): ResolvedWalOptions {
  const known = [
    'segmentBytes',
    'bufferBytes',
    'preallocateBytes',
    'create',
    'mustExist',
    'ownerId',
    'beforeWriting',
  ]
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw invalidArgument(`unknown option of a log: ${name}`)
  }
  return Object.freeze({
    segmentBytes: integerWithin('segmentBytes', options.segmentBytes ?? 64 * MIB, KIB, 1024 * MIB),
    bufferBytes: integerWithin('bufferBytes', options.bufferBytes ?? MIB, 4 * KIB, 256 * MIB),
    preallocateBytes: integerWithin('preallocateBytes', options.preallocateBytes ?? 4 * MIB, 0, 64 * MIB),
    create: flag('create', options.create ?? true),
    mustExist: flag('mustExist', options.mustExist ?? false),
    ownerId: idOrNone('ownerId', options.ownerId),
    beforeWriting: options.beforeWriting,
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
