/**
 * A string with one character per byte. Long strings are a unit and a repeat count, so that commands stay short.
 */
export type Text = string | readonly [unit: string, count: number]

/** Returns the whole string. */
export function expand(text: Text): string {
  return typeof text === 'string' ? text : text[0].repeat(text[1])
}

/** The point at which a commit is acknowledged. */
export type Durability = 'full' | 'periodic' | 'none'

/** Options of a range with string bounds. */
export interface TextRange {
  readonly gt?: Text
  readonly gte?: Text
  readonly lt?: Text
  readonly lte?: Text
  readonly prefix?: Text
  readonly reverse?: boolean
  readonly limit?: number
  readonly offset?: number
}

/** The part of each entry that a scan returns. */
export type ScanPart = 'entries' | 'keys' | 'values'

/** A transformation of a scan. */
export type Stage = readonly ['map' | 'filter' | 'flatMap'] | readonly ['take' | 'drop', number]

/** The way in which a scan is consumed. */
export type ScanEnd = 'toArray' | 'forEach' | 'reduce' | 'some' | 'every' | 'find' | 'break'

/** A movement of a cursor. */
export type Move = 'first' | 'last' | 'next' | 'previous' | { readonly seek: Text }

/** A read that completes within its call. */
export type Read =
  | { readonly read: 'get' | 'has' | 'expiresAt'; readonly key: Text }
  | { readonly read: 'getMany'; readonly keys: readonly Text[] }
  | {
      readonly read: 'scan'
      readonly part: ScanPart
      readonly range?: TextRange
      readonly stages?: readonly Stage[]
      readonly end?: ScanEnd
    }
  | { readonly read: 'count' | 'estimate'; readonly range?: TextRange }
  | { readonly read: 'cursor'; readonly range?: TextRange; readonly moves: readonly Move[] }

/** One operation of a batch. */
export type BatchStep = { readonly ks: number } & (
  | { readonly do: 'put'; readonly key: Text; readonly value: Text }
  | { readonly do: 'delete'; readonly key: Text }
  | { readonly do: 'deleteRange'; readonly range: TextRange }
  | { readonly do: 'clear' }
)

/** A write to one keyspace. */
export type Write = { readonly ks: number; readonly durability?: Durability } & (
  | { readonly do: 'put' | 'putIfAbsent'; readonly key: Text; readonly value: Text }
  | { readonly do: 'delete'; readonly key: Text }
  | { readonly do: 'deleteRange'; readonly range: TextRange }
  | { readonly do: 'clear' }
  | {
      readonly do: 'swap'
      readonly key: Text
      readonly expected: 'same' | 'other' | 'absent'
      readonly next?: Text
    }
  | {
      readonly do: 'update'
      readonly key: Text
      readonly next?: Text
      readonly inner?: readonly Command[]
      readonly throws?: boolean
    }
)

/** Invalid calls. Each must fail with its own error code and change nothing. */
export const MISUSES = [
  'undefined key',
  'null value',
  'wrong type of key',
  'lone surrogate',
  'unknown range option',
  'negative limit',
  'fractional offset',
  'unknown write option',
  'bad durability',
  'async update',
  'empty keyspace name',
  'bad encoding',
  'drop default',
  'drop unknown',
  'cursor with a limit',
  'batch range with a limit',
  'batch used twice',
  'compact bad range',
  'unknown event',
  'key of 65,536 bytes',
  'bound of 65,536 bytes',
] as const

/** An invalid call. */
export type Misuse = (typeof MISUSES)[number]

/** A batch over a group of keys: `fill` puts all of them, `thin` deletes every n-th one. */
export type BulkCommand = { readonly ks: number; readonly group: number; readonly count: number } & (
  { readonly do: 'fill'; readonly bytes: number } | { readonly do: 'thin'; readonly every: number }
)

/** A batch over several keyspaces. */
export interface BatchCommand {
  readonly do: 'batch'
  readonly steps: readonly BatchStep[]
  readonly durability?: Durability
}

/** Opens, reads or closes a scan that stays open across commands. */
export type ScanCommand =
  | {
      readonly do: 'scanOpen'
      readonly ks: number
      readonly from?: number
      readonly tx?: number
      readonly part: ScanPart
      readonly range?: TextRange
      readonly stages?: readonly Stage[]
    }
  | { readonly do: 'scanNext'; readonly pick: number; readonly count: number }
  | { readonly do: 'scanEnd'; readonly pick: number }

/** Opens, moves or closes a cursor that stays open across commands. */
export type CursorCommand =
  | {
      readonly do: 'cursorOpen'
      readonly ks: number
      readonly from?: number
      readonly tx?: number
      readonly range?: TextRange
    }
  | { readonly do: 'cursorMove'; readonly pick: number; readonly moves: readonly Move[] }
  | { readonly do: 'cursorEnd'; readonly pick: number }

/** An operation of a transaction on one keyspace or on its savepoints. */
export type TransactionStep =
  | { readonly step: 'put'; readonly ks: number; readonly key: Text; readonly value: Text }
  | { readonly step: 'delete' | 'lock'; readonly ks: number; readonly key: Text }
  | { readonly step: 'deleteRange'; readonly ks: number; readonly range: TextRange }
  | { readonly step: 'clear'; readonly ks: number }
  | ({ readonly step: 'read'; readonly ks: number } & Read)
  | { readonly step: 'savepoint' }
  /**
   * Rolls back to a savepoint, chosen modulo their number. Savepoints that an earlier rollback removed are
   * included.
   */
  | { readonly step: 'rollbackTo'; readonly savepoint: number }

/** Options of `begin`. */
export interface BeginOptions {
  readonly isolation?: 'snapshot' | 'serializable'
  readonly readOnly?: boolean
}

/**
 * Begins, continues or ends one of several open transactions, or runs a function in a transaction. `pick` is taken
 * modulo the number of open transactions.
 */
export type TransactionCommand =
  | ({ readonly do: 'txBegin' } & BeginOptions)
  | { readonly do: 'txStep'; readonly pick: number; readonly step: TransactionStep }
  | { readonly do: 'txCommit'; readonly pick: number; readonly durability?: Durability }
  | { readonly do: 'txRollback'; readonly pick: number }
  /** Rolls a transaction back once more and removes it from the open ones. */
  | { readonly do: 'txForget'; readonly pick: number }
  | ({
      readonly do: 'transaction'
      readonly steps: readonly TransactionStep[]
      readonly end: 'return' | 'throw' | 'commit' | 'rollback'
    } & BeginOptions)

/** Commands without parameters. */
export type PlainName =
  | 'snapshot'
  | 'keyspaces'
  | 'sync'
  | 'checkpoint'
  | 'compact'
  | 'verify'
  | 'stats'
  | 'reopen'
  | 'crash'
  | 'changes'

/**
 * One API call as data. `ks` is the slot of a keyspace of the run; 0 is `default`. `from` selects an open snapshot,
 * `tx` an open transaction; without either, the command reads the live state. `from`, `tx` and `pick` are taken
 * modulo the number of open objects. Writes of a `together` are called without awaiting each other where the API is
 * async.
 */
export type Command =
  | Write
  | BulkCommand
  | ScanCommand
  | CursorCommand
  | TransactionCommand
  | { readonly do: 'together'; readonly writes: readonly (Write | BatchCommand)[] }
  | BatchCommand
  | ({ readonly do: 'read'; readonly ks: number; readonly from?: number } & Read)
  | { readonly do: 'release'; readonly pick: number }
  | { readonly do: 'keyspace'; readonly ks: number; readonly keys?: string; readonly values?: string }
  | { readonly do: 'drop'; readonly ks: number }
  | { readonly do: PlainName }
  | { readonly do: 'readOnly'; readonly commands: readonly Command[] }
  | { readonly do: 'time' | 'jump'; readonly ms: number }
  | { readonly do: 'misuse'; readonly what: Misuse }

/** Names of commands. */
export type CommandName = Command['do']

/** Returns the key of entry `index` of a group that `fill` puts. */
export function filledKey(group: number, index: number): string {
  return `fill${group}-${String(index).padStart(6, '0')}`
}

/** Returns the value of entry `index` of a group that `fill` puts. */
export function filledValue(group: number, index: number, bytes: number): string {
  return String.fromCharCode(97 + ((group + index) % 26)).repeat((index * 7 + group) % (bytes + 1))
}
