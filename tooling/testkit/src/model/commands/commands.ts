/** A text of one character a byte; long ones as a unit and how often it comes, so that a command stays short. */
export type Text = string | readonly [unit: string, count: number]

/** Writes a text out. */
export function expand(text: Text): string {
  return typeof text === 'string' ? text : text[0].repeat(text[1])
}

/** When a commit is acknowledged. */
export type Durability = 'full' | 'periodic' | 'none'

/** Options of a range, over texts. */
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

/** What a scan gives of each entry. */
export type ScanPart = 'entries' | 'keys' | 'values'

/** A helper that a scan goes through. */
export type Stage = readonly ['map' | 'filter' | 'flatMap'] | readonly ['take' | 'drop', number]

/** How a scan is read to its end, or not. */
export type ScanEnd = 'toArray' | 'forEach' | 'reduce' | 'some' | 'every' | 'find' | 'break'

/** A move of a cursor. */
export type Move = 'first' | 'last' | 'next' | 'previous' | { readonly seek: Text }

/** A read that ends within its call. */
export type Read =
  | { readonly read: 'get' | 'has'; readonly key: Text }
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

/** Wrong calls, of which each must be refused in its own way and change nothing. */
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

/** A wrong call. */
export type Misuse = (typeof MISUSES)[number]

/** A batch over a group of keys: written, or every n-th removed. */
export type BulkCommand = { readonly ks: number; readonly group: number; readonly count: number } & (
  { readonly do: 'fill'; readonly bytes: number } | { readonly do: 'thin'; readonly every: number }
)

/** A batch over keyspaces. */
export interface BatchCommand {
  readonly do: 'batch'
  readonly steps: readonly BatchStep[]
  readonly durability?: Durability
}

/** Opens, reads or ends a scan that outlives its command. */
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

/** Opens, moves or ends a cursor that outlives its command. */
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

/** What a transaction does to one keyspace, or to itself. */
export type TransactionStep =
  | { readonly step: 'put'; readonly ks: number; readonly key: Text; readonly value: Text }
  | { readonly step: 'delete' | 'lock'; readonly ks: number; readonly key: Text }
  | { readonly step: 'deleteRange'; readonly ks: number; readonly range: TextRange }
  | { readonly step: 'clear'; readonly ks: number }
  | ({ readonly step: 'read'; readonly ks: number } & Read)
  | { readonly step: 'savepoint' }
  /** Back to one of its savepoints, counted round; those that are gone are among them. */
  | { readonly step: 'rollbackTo'; readonly savepoint: number }

/** How a transaction is begun. */
export interface BeginOptions {
  readonly isolation?: 'snapshot' | 'serializable'
  readonly readOnly?: boolean
}

/** Begins, goes on with, or ends a transaction beside others; or runs a function in one. `pick` counts round. */
export type TransactionCommand =
  | ({ readonly do: 'txBegin' } & BeginOptions)
  | { readonly do: 'txStep'; readonly pick: number; readonly step: TransactionStep }
  | { readonly do: 'txCommit'; readonly pick: number; readonly durability?: Durability }
  | { readonly do: 'txRollback'; readonly pick: number }
  /** Rolled back once more, and forgotten. */
  | { readonly do: 'txForget'; readonly pick: number }
  | ({
      readonly do: 'transaction'
      readonly steps: readonly TransactionStep[]
      readonly end: 'return' | 'throw' | 'commit' | 'rollback'
    } & BeginOptions)

/** Commands without anything to say. */
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
 * One call of the API, as data. `ks` is one of the keyspaces of the run: 0 is `default`. `from` is one of the snapshots
 * that are open, counted round, and `tx` one of the transactions; without them, the live state. `pick` counts round in the
 * same way. Writes of a `together` are called without waiting for one another, where the face can.
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

/** Returns the key of the entry `index` of a group that `fill` writes. */
export function filledKey(group: number, index: number): string {
  return `fill${group}-${String(index).padStart(6, '0')}`
}

/** Returns the value of the same entry. */
export function filledValue(group: number, index: number, bytes: number): string {
  return String.fromCharCode(97 + ((group + index) % 26)).repeat((index * 7 + group) % (bytes + 1))
}
