import type { Cursor, KeyspaceReads, RangeEstimate, RangeOptions, Scan } from '@ldb/core'
import { resultOf, NoTarget, formatValue, formatItem } from '../commands/result.js'
import { expand } from '../commands/commands.js'
import type {
  CursorCommand,
  Move,
  Read,
  ScanCommand,
  ScanEnd,
  ScanPart,
  Stage,
  TextRange,
} from '../commands/commands.js'
import { flatMapped, reduceItem, isChosen, lengthOf } from '../commands/scan-item.js'
import type { Item } from '../commands/scan-item.js'
import { READS_MAX } from '../commands/run-settings.js'
import type { KeyConversion, ValueConversion } from '../commands/conversions.js'

/**
 * The reads of a keyspace, live or in a snapshot, and the conversions between command strings and its keys and
 * values.
 */
export interface TextReads {
  readonly reads: KeyspaceReads<unknown, unknown>
  readonly keys: KeyConversion
  readonly values: ValueConversion
}

/** Returns the options of a range. */
export function rangeOptionsOf(
  range: TextRange | undefined,
  keys: KeyConversion,
): RangeOptions<unknown> | undefined {
  if (range === undefined) return undefined
  const { gt, gte, lt, lte, prefix, ...rest } = range
  const options: Record<string, unknown> = { ...rest }
  for (const [name, text] of Object.entries({ gt, gte, lt, lte, prefix })) {
    if (text !== undefined) options[name] = keys.toKey(expand(text))
  }
  return options
}

/** Reads through the sync API, and the open scans and cursors. */
export class SessionReads {
  #scans: Scan<Item>[] = []
  #cursors: { readonly cursor: Cursor<unknown, unknown>; readonly texts: TextReads }[] = []

  /** Removes all open scans and cursors. */
  reset(): void {
    this.#scans = []
    this.#cursors = []
  }

  /** Executes a read that completes within its call. */
  read(texts: TextReads, read: Read): string {
    const { reads, keys, values } = texts
    const value = (found: unknown): string =>
      formatValue(found === undefined ? undefined : values.fromValue(found))
    switch (read.read) {
      case 'get':
        return value(reads.get(keys.toKey(expand(read.key))))
      case 'has':
        return String(reads.has(keys.toKey(expand(read.key))))
      case 'expiresAt':
        return String(reads.expiresAt(keys.toKey(expand(read.key))))
      case 'getMany':
        return reads
          .getMany(read.keys.map((key) => keys.toKey(expand(key))))
          .map(value)
          .join()
      case 'count':
        return String(reads.count(rangeOptionsOf(read.range, keys)))
      case 'estimate':
        return checkedEstimate(texts, read.range)
      case 'scan':
        return consumeScan(openScan(texts, read.part, read.range, read.stages), read.end ?? 'toArray')
      case 'cursor': {
        using cursor = reads.cursor(rangeOptionsOf(read.range, keys))
        return moveCursor(cursor, texts, read.moves)
      }
    }
  }

  /** Opens, reads or closes a scan. */
  scan(command: ScanCommand, view: () => TextReads): string {
    if (command.do === 'scanOpen') {
      if (this.#scans.length >= READS_MAX) return 'enough'
      this.#scans.push(openScan(view(), command.part, command.range, command.stages))
      return 'open'
    }
    const at = command.pick % Math.max(1, this.#scans.length)
    const scan = this.#scans[at]
    if (scan === undefined) throw new NoTarget()
    if (command.do === 'scanEnd') {
      scan.return()
      this.#scans.splice(at, 1)
      return 'ended'
    }
    const items: string[] = []
    for (let left = command.count; left > 0; left--) {
      const { value } = scan.next()
      items.push(value === undefined ? '-' : formatItem(value))
    }
    return items.join()
  }

  /** Opens, moves or closes a cursor. */
  cursor(command: CursorCommand, view: () => TextReads): string {
    if (command.do === 'cursorOpen') {
      if (this.#cursors.length >= READS_MAX) return 'enough'
      const texts = view()
      this.#cursors.push({ cursor: texts.reads.cursor(rangeOptionsOf(command.range, texts.keys)), texts })
      return 'open'
    }
    const at = command.pick % Math.max(1, this.#cursors.length)
    const open = this.#cursors[at]
    if (open === undefined) throw new NoTarget()
    if (command.do === 'cursorMove') return moveCursor(open.cursor, open.texts, command.moves)
    open.cursor.close()
    this.#cursors.splice(at, 1)
    return 'ended'
  }
}

function moveCursor(
  cursor: Cursor<unknown, unknown>,
  { keys, values }: TextReads,
  moves: readonly Move[],
): string {
  return moves
    .map((move) =>
      resultOf(() => {
        const found = typeof move === 'object' ? cursor.seek(keys.toKey(expand(move.seek))) : cursor[move]()
        if (cursor.valid !== found) return 'valid differs from the returned value'
        return found ? formatItem([keys.fromKey(cursor.key), values.fromValue(cursor.value)]) : '-'
      }),
    )
    .join()
}

function openScan(
  { reads, keys, values }: TextReads,
  part: ScanPart,
  range?: TextRange,
  stages: readonly Stage[] = [],
): Scan<Item> {
  const options = rangeOptionsOf(range, keys)
  let scan: Scan<Item>
  if (part === 'keys') scan = reads.keys(options).map((key) => keys.fromKey(key))
  else if (part === 'values') scan = reads.values(options).map((value) => values.fromValue(value))
  else scan = reads.entries(options).map(([key, value]) => [keys.fromKey(key), values.fromValue(value)])
  for (const [name, count = 0] of stages) {
    if (name === 'map') scan = scan.map(formatItem)
    else if (name === 'filter') scan = scan.filter((item) => lengthOf(item) % 2 === 0)
    else if (name === 'flatMap') scan = scan.flatMap(flatMapped)
    else scan = name === 'take' ? scan.take(count) : scan.drop(count)
  }
  return scan
}

function consumeScan(scan: Scan<Item>, end: ScanEnd): string {
  switch (end) {
    case 'some':
      return String(scan.some(isChosen))
    case 'every':
      return String(scan.every(isChosen))
    case 'find': {
      const found = scan.find(isChosen)
      return found === undefined ? '-' : formatItem(found)
    }
    case 'reduce':
      return scan.reduce(reduceItem, '')
    case 'break': {
      const items: Item[] = []
      for (const item of scan) {
        items.push(item)
        if (items.length === 2) break
      }
      return items.map(formatItem).join()
    }
    case 'forEach': {
      const items: string[] = []
      scan.forEach((item) => items.push(formatItem(item)))
      return items.join()
    }
    case 'toArray':
      return scan.toArray().map(formatItem).join()
  }
}

/** Checks an estimate against the entry count: it must not exceed it, and must equal it when there is no range. */
function checkedEstimate({ reads, keys }: TextReads, range: TextRange | undefined): string {
  const total = reads.count()
  // An estimate of a transaction does not include its own writes.
  return checkEstimate(
    reads.estimate(rangeOptionsOf(range, keys)),
    'getForUpdate' in reads ? undefined : total,
    range,
  )
}

/**
 * Checks the plausibility of an estimate.
 *
 * @param total - the entry count, or `undefined` when it is unknown.
 * @returns `sane` or a description.
 */
export function checkEstimate(
  { count, bytes }: RangeEstimate,
  total: number | undefined,
  range: TextRange | undefined,
): string {
  const isSane =
    count >= 0 &&
    count <= (total ?? Infinity) &&
    bytes >= 0 &&
    Number.isSafeInteger(count) &&
    Number.isSafeInteger(bytes)
  const isExact = range !== undefined || total === undefined || count === total
  return isSane && isExact ? 'sane' : `estimate of ${count} entries and ${bytes} bytes, of ${total} entries`
}
