import { decodeUtf8, encodeUtf8, equalBytes, invalidArgument } from '@ldb/base'
import type { RangeOptions } from '@ldb/base'
import type { DatabaseOptions, Durability, Isolation, KeyspaceOptions } from '@ldb/core'
import type { Arena } from './arena.js'

/** Numbers at the start of the arena, before the texts of a call. */
export const OPTION_COUNT = 16
/** Bytes of these numbers. */
export const OPTION_BYTES: number = OPTION_COUNT * 8

/** Bits of the bounds of a range. */
const BOUND = { gte: 1, gt: 2, lt: 4, lte: 8, prefix: 16, reverse: 32 } as const

const ENGINES = [undefined, 'btree', 'lsm'] as const
const DURABILITIES = [undefined, 'full', 'periodic', 'none'] as const
const COMPRESSIONS = [undefined, 'none', 'lz4', 'deflate', 'adaptive'] as const
const KEYS = ['binary', 'utf8', 'tuple'] as const
const VALUES = ['binary', 'utf8', 'json', 'structured'] as const
const ISOLATIONS = [undefined, 'serializable', 'snapshot'] as const
const SECRETS = ['none', 'key', 'passphrase'] as const

/** Reads the numbers and the texts of one call from the arena. */
export class OptionBlock {
  readonly #arena: Arena
  #textStart: number

  constructor(arena: Arena, textStart: number = OPTION_BYTES) {
    this.#arena = arena
    this.#textStart = textStart
  }

  /** Returns a number. */
  number(index: number): number {
    return this.#arena.view.getFloat64(index * 8, true)
  }

  /** Returns a number, or `undefined` for 0: the default of the option. */
  optional(index: number): number | undefined {
    const value = this.number(index)
    return value === 0 ? undefined : value
  }

  /** Returns the bytes that follow those which were taken before. */
  takeBytes(byteCount: number): Uint8Array {
    const start = this.#textStart
    this.#textStart += byteCount
    return this.#arena.copy(start, byteCount)
  }

  /** Returns the text that follows. @throws {@link LdbError} LDB_INVALID_ARGUMENT for invalid UTF-8. */
  takeText(byteCount: number): string {
    const bytes = this.takeBytes(byteCount)
    const text = decodeUtf8(bytes)
    if (!equalBytes(encodeUtf8(text), bytes))
      throw invalidArgument('a path, name or passphrase must be valid UTF-8')
    return text
  }

  /** Returns the encryption of a kind, and of a secret that follows. */
  takeEncryption(kind: number, byteCount: number): DatabaseOptions['encryption'] {
    const name = oneOf('encryption', SECRETS, kind)
    if (name === 'none') return undefined
    return name === 'key' ? { key: this.takeBytes(byteCount) } : { passphrase: this.takeText(byteCount) }
  }
}

/** Returns the options of an open from its numbers. */
export function databaseOptions(block: OptionBlock): DatabaseOptions {
  const flags = block.number(8)
  return present({
    engine: oneOf('engine', ENGINES, block.number(0)),
    durability: durabilityOf(block.number(1)),
    syncIntervalMs: block.optional(2),
    cacheBytes: block.optional(3),
    blobBytes: block.optional(4),
    memtableBytes: block.optional(5),
    pageBytes: block.optional(6),
    compression: oneOf('compression', COMPRESSIONS, block.number(7)),
    readOnly: (flags & 1) !== 0,
    createIfMissing: (flags & 2) === 0,
    errorIfExists: (flags & 4) !== 0,
    maxOpenFiles: block.optional(12),
    encryption: block.takeEncryption(block.number(9), block.number(10)),
  })
}

/** Returns the options of a keyspace from its numbers. A stored keyspace keeps its encodings. */
export function keyspaceOptions(block: OptionBlock, isStored: boolean): KeyspaceOptions<never, never> {
  const ttlMs = block.optional(4)
  return present({
    engine: oneOf('engine', ENGINES, block.number(0)),
    keys: isStored ? undefined : oneOf('keys', KEYS, block.number(1)),
    values: isStored ? undefined : oneOf('values', VALUES, block.number(2)),
    compression: oneOf('compression', COMPRESSIONS, block.number(3)),
    ttlMs: ttlMs === -1 ? Infinity : ttlMs,
  }) as KeyspaceOptions<never, never>
}

/** Returns a durability; `undefined` for that of the database. */
export function durabilityOf(value: number): Durability | undefined {
  return oneOf('durability', DURABILITIES, value)
}

/** Returns an isolation level; `undefined` for the default. */
export function isolationOf(value: number): Isolation | undefined {
  return oneOf('isolation', ISOLATIONS, value)
}

/** Returns the range whose bounds are in the arena, the lower one or the prefix first. */
export function rangeOf(
  arena: Arena,
  start: number,
  lowerBytes: number,
  upperBytes: number,
  bounds: number,
): RangeOptions<Uint8Array> {
  const lower = arena.copy(start, lowerBytes)
  const upper = arena.copy(start + lowerBytes, upperBytes)
  return present({
    gte: (bounds & BOUND.gte) === 0 ? undefined : lower,
    gt: (bounds & BOUND.gt) === 0 ? undefined : lower,
    prefix: (bounds & BOUND.prefix) === 0 ? undefined : lower,
    lt: (bounds & BOUND.lt) === 0 ? undefined : upper,
    lte: (bounds & BOUND.lte) === 0 ? undefined : upper,
    reverse: (bounds & BOUND.reverse) === 0 ? undefined : true,
  })
}

function oneOf<const T>(option: string, values: readonly T[], index: number): T {
  if (index in values) return values[index] as T
  throw invalidArgument(`${option} has no value ${index}`)
}

/** Removes the members that are `undefined`: an omitted option has its default. */
export function present<T extends object>(options: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]: Exclude<T[Name], undefined>
  }
}
