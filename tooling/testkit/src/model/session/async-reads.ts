import type { AsyncCursor, AsyncKeyspaceReads, AsyncScan } from '@ldb/core'
import { resultOfAsync, NoTarget, formatValue, formatItem } from '../commands/result.js'
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
import { rangeOptionsOf, checkEstimate } from './reads.js'
import type { KeyConversion, ValueConversion } from '../commands/conversions.js'

/**
 * The async reads of a keyspace, live or in a snapshot, and the conversions between command strings and its keys
 * and values.
 */
export interface AsyncTextReads {
  readonly reads: AsyncKeyspaceReads<unknown, unknown>
  readonly keys: KeyConversion
  readonly values: ValueConversion
}

/** Reads through the async API, and the open scans and cursors. */
export class AsyncSessionReads {
  #scans: AsyncScan<Item>[] = []
  #cursors: { readonly cursor: AsyncCursor<unknown, unknown>; readonly texts: AsyncTextReads }[] = []

  /** Removes all open scans and cursors. */
  reset(): void {
    this.#scans = []
    this.#cursors = []
  }

  /** Executes a read that completes within its call. */
  async read(texts: AsyncTextReads, read: Read): Promise<string> {
    const { reads, keys, values } = texts
    const value = (found: unknown): string =>
      formatValue(found === undefined ? undefined : values.fromValue(found))
    switch (read.read) {
      case 'get':
        return value(await reads.get(keys.toKey(expand(read.key))))
      case 'has':
        return String(await reads.has(keys.toKey(expand(read.key))))
      case 'expiresAt':
        return String(await reads.expiresAt(keys.toKey(expand(read.key))))
      case 'getMany':
        return (await reads.getMany(read.keys.map((key) => keys.toKey(expand(key))))).map(value).join()
      case 'count':
        return String(await reads.count(rangeOptionsOf(read.range, keys)))
      case 'estimate': {
        const estimate = await reads.estimate(rangeOptionsOf(read.range, keys))
        const total = await reads.count()
        return checkEstimate(estimate, 'getForUpdate' in reads ? undefined : total, read.range)
      }
      case 'scan':
        return consumeScan(openScan(texts, read.part, read.range, read.stages), read.end ?? 'toArray')
      case 'cursor': {
        const cursor = reads.cursor(rangeOptionsOf(read.range, keys))
        try {
          return await moveCursor(cursor, texts, read.moves)
        } finally {
          await cursor.close()
        }
      }
    }
  }

  /** Opens, reads or closes a scan. */
  async scan(command: ScanCommand, view: () => AsyncTextReads): Promise<string> {
    if (command.do === 'scanOpen') {
      if (this.#scans.length >= READS_MAX) return 'enough'
      this.#scans.push(openScan(view(), command.part, command.range, command.stages))
      return 'open'
    }
    const at = command.pick % Math.max(1, this.#scans.length)
    const scan = this.#scans[at]
    if (scan === undefined) throw new NoTarget()
    if (command.do === 'scanEnd') {
      await scan.return()
      this.#scans.splice(at, 1)
      return 'ended'
    }
    // The calls are concurrent; the scan completes them in call order.
    const results = await Promise.all(Array.from({ length: command.count }, () => scan.next()))
    return results.map(({ value }) => (value === undefined ? '-' : formatItem(value))).join()
  }

  /** Opens, moves or closes a cursor. */
  async cursor(command: CursorCommand, view: () => AsyncTextReads): Promise<string> {
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
    await open.cursor.close()
    this.#cursors.splice(at, 1)
    return 'ended'
  }
}

async function moveCursor(
  cursor: AsyncCursor<unknown, unknown>,
  { keys, values }: AsyncTextReads,
  moves: readonly Move[],
): Promise<string> {
  const results: string[] = []
  for (const move of moves) {
    results.push(
      await resultOfAsync(async () => {
        const found =
          typeof move === 'object' ? await cursor.seek(keys.toKey(expand(move.seek))) : await cursor[move]()
        if (cursor.valid !== found) return 'valid differs from the returned value'
        return found ? formatItem([keys.fromKey(cursor.key), values.fromValue(cursor.value)]) : '-'
      }),
    )
  }
  return results.join()
}

function openScan(
  { reads, keys, values }: AsyncTextReads,
  part: ScanPart,
  range?: TextRange,
  stages: readonly Stage[] = [],
): AsyncScan<Item> {
  const options = rangeOptionsOf(range, keys)
  let scan: AsyncScan<Item>
  if (part === 'keys') scan = reads.keys(options).map((key) => keys.fromKey(key))
  else if (part === 'values') scan = reads.values(options).map(async (value) => values.fromValue(value))
  else scan = reads.entries(options).map(([key, value]) => [keys.fromKey(key), values.fromValue(value)])
  for (const [name, count = 0] of stages) {
    if (name === 'map') scan = scan.map(formatItem)
    else if (name === 'filter') scan = scan.filter((item) => lengthOf(item) % 2 === 0)
    else if (name === 'flatMap') scan = scan.flatMap(flatMapped)
    else scan = name === 'take' ? scan.take(count) : scan.drop(count)
  }
  return scan
}

async function consumeScan(scan: AsyncScan<Item>, end: ScanEnd): Promise<string> {
  switch (end) {
    case 'some':
      return String(await scan.some(isChosen))
    case 'every':
      return String(await scan.every(isChosen))
    case 'find': {
      const found = await scan.find(isChosen)
      return found === undefined ? '-' : formatItem(found)
    }
    case 'reduce':
      return scan.reduce(reduceItem, '')
    case 'break': {
      const items: Item[] = []
      for await (const item of scan) {
        items.push(item)
        if (items.length === 2) break
      }
      return items.map(formatItem).join()
    }
    case 'forEach': {
      const items: string[] = []
      await scan.forEach(async (item) => {
        await Promise.resolve()
        items.push(formatItem(item))
      })
      return items.join()
    }
    case 'toArray':
      return (await scan.toArray()).map(formatItem).join()
  }
}
