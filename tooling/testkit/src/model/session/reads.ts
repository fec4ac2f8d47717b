import type { Cursor, KeyspaceReads, RangeEstimate, RangeOptions, Scan } from '@ldb/core'
import { answerOf, Nothing, shown, shownItem } from '../commands/answer.js'
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
import { expanded, folded, isChosen, lengthOf } from '../commands/scan-item.js'
import type { Item } from '../commands/scan-item.js'
import { READS_MAX } from '../commands/run-settings.js'
import type { KeyTexts, ValueTexts } from '../commands/texts.js'

/** A keyspace, live or in a snapshot, and how texts become its keys and values. */
export interface TextReads {
  readonly reads: KeyspaceReads<unknown, unknown>
  readonly keys: KeyTexts
  readonly values: ValueTexts
}

/** Returns the options of a range. */
export function rangeOptionsOf(
  range: TextRange | undefined,
  keys: KeyTexts,
): RangeOptions<unknown> | undefined {
  if (range === undefined) return undefined
  const { gt, gte, lt, lte, prefix, ...rest } = range
  const options: Record<string, unknown> = { ...rest }
  for (const [name, text] of Object.entries({ gt, gte, lt, lte, prefix })) {
    if (text !== undefined) options[name] = keys.toKey(expand(text))
  }
  return options
}

/** Reads of a real database, and the scans and cursors that it has open. */
export class SessionReads {
  #scans: Scan<Item>[] = []
  #cursors: { readonly cursor: Cursor<unknown, unknown>; readonly texts: TextReads }[] = []

  /** Forgets all that is open. */
  forget(): void {
    this.#scans = []
    this.#cursors = []
  }

  /** Does a read that ends within its call. */
  read(texts: TextReads, read: Read): string {
    const { reads, keys, values } = texts
    const value = (found: unknown): string => shown(found === undefined ? undefined : values.fromValue(found))
    switch (read.read) {
      case 'get':
        return value(reads.get(keys.toKey(expand(read.key))))
      case 'has':
        return String(reads.has(keys.toKey(expand(read.key))))
      case 'getMany':
        return reads
          .getMany(read.keys.map((key) => keys.toKey(expand(key))))
          .map(value)
          .join()
      case 'count':
        return String(reads.count(rangeOptionsOf(read.range, keys)))
      case 'estimate':
        return estimated(texts, read.range)
      case 'scan':
        return endScan(openScan(texts, read.part, read.range, read.stages), read.end ?? 'toArray')
      case 'cursor': {
        using cursor = reads.cursor(rangeOptionsOf(read.range, keys))
        return moved(cursor, texts, read.moves)
      }
    }
  }

  /** Opens, reads or ends a scan. */
  scan(command: ScanCommand, view: () => TextReads): string {
    if (command.do === 'scanOpen') {
      if (this.#scans.length >= READS_MAX) return 'enough'
      this.#scans.push(openScan(view(), command.part, command.range, command.stages))
      return 'open'
    }
    const at = command.pick % Math.max(1, this.#scans.length)
    const scan = this.#scans[at]
    if (scan === undefined) throw new Nothing()
    if (command.do === 'scanEnd') {
      scan.return()
      this.#scans.splice(at, 1)
      return 'ended'
    }
    const items: string[] = []
    for (let left = command.count; left > 0; left--) {
      const { value } = scan.next()
      items.push(value === undefined ? '-' : shownItem(value))
    }
    return items.join()
  }

  /** Opens, moves or ends a cursor. */
  cursor(command: CursorCommand, view: () => TextReads): string {
    if (command.do === 'cursorOpen') {
      if (this.#cursors.length >= READS_MAX) return 'enough'
      const texts = view()
      this.#cursors.push({ cursor: texts.reads.cursor(rangeOptionsOf(command.range, texts.keys)), texts })
      return 'open'
    }
    const at = command.pick % Math.max(1, this.#cursors.length)
    const open = this.#cursors[at]
    if (open === undefined) throw new Nothing()
    if (command.do === 'cursorMove') return moved(open.cursor, open.texts, command.moves)
    open.cursor.close()
    this.#cursors.splice(at, 1)
    return 'ended'
  }
}

function moved(
  cursor: Cursor<unknown, unknown>,
  { keys, values }: TextReads,
  moves: readonly Move[],
): string {
  return moves
    .map((move) =>
      answerOf(() => {
        const found = typeof move === 'object' ? cursor.seek(keys.toKey(expand(move.seek))) : cursor[move]()
        if (cursor.valid !== found) return 'not where it says it is'
        return found ? shownItem([keys.fromKey(cursor.key), values.fromValue(cursor.value)]) : '-'
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
    if (name === 'map') scan = scan.map(shownItem)
    else if (name === 'filter') scan = scan.filter((item) => lengthOf(item) % 2 === 0)
    else if (name === 'flatMap') scan = scan.flatMap(expanded)
    else scan = name === 'take' ? scan.take(count) : scan.drop(count)
  }
  return scan
}

function endScan(scan: Scan<Item>, end: ScanEnd): string {
  switch (end) {
    case 'some':
      return String(scan.some(isChosen))
    case 'every':
      return String(scan.every(isChosen))
    case 'find': {
      const found = scan.find(isChosen)
      return found === undefined ? '-' : shownItem(found)
    }
    case 'reduce':
      return scan.reduce(folded, '')
    case 'break': {
      const items: Item[] = []
      for (const item of scan) {
        items.push(item)
        if (items.length === 2) break
      }
      return items.map(shownItem).join()
    }
    case 'forEach': {
      const items: string[] = []
      scan.forEach((item) => items.push(shownItem(item)))
      return items.join()
    }
    case 'toArray':
      return scan.toArray().map(shownItem).join()
  }
}

/** An estimate may be off, but not beyond all there is, and not at all where there is nothing to guess. */
function estimated({ reads, keys }: TextReads, range: TextRange | undefined): string {
  const total = reads.count()
  // Those of a transaction leave out what it has written itself.
  return saneEstimate(
    reads.estimate(rangeOptionsOf(range, keys)),
    'getForUpdate' in reads ? undefined : total,
    range,
  )
}

/** Reports whether an estimate may be right, of so many entries in all. */
export function saneEstimate(
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
