import { KEY_BYTES_MAX } from '@ldb/base'
import { resultOf, NoTarget, ExpectedError, formatValue, formatItem } from '../commands/result.js'
import { expand } from '../commands/commands.js'
import type { CursorCommand, Move, Read, ScanCommand, Text, TextRange } from '../commands/commands.js'
import { ReferenceCursor, ReferenceScan } from './scan.js'
import type { ReadView } from './scan.js'
import type { ReferenceState } from './state.js'
import { READS_MAX } from '../commands/run-settings.js'
import { consumeItems } from './scan-ends.js'
import { checkRange, spanOf } from './sorted-entries.js'
import type { Span } from './sorted-entries.js'
import type { KeyConversion } from '../commands/conversions.js'

/** Reads of the reference, and its open scans and cursors. */
export class ReferenceReads {
  readonly #state: ReferenceState
  #scans: ReferenceScan[] = []
  #cursors: { readonly cursor: ReferenceCursor; readonly keys: KeyConversion }[] = []

  constructor(state: ReferenceState) {
    this.#state = state
  }

  /** Number of open scans and cursors of the live state that pin a snapshot. */
  get openCount(): number {
    const scans = this.#scans.filter((scan) => scan.owner === undefined && !scan.ended)
    const cursors = this.#cursors.filter(({ cursor }) => cursor.owner === undefined)
    return scans.length + cursors.length
  }

  /** Removes all open scans and cursors. */
  reset(): void {
    this.#scans = []
    this.#cursors = []
  }

  /** Executes a read that completes within its call. */
  read(view: ReadView, read: Read): string {
    const { entries } = view
    switch (read.read) {
      case 'get':
        return formatValue(entries.get(this.#checkedKey(view, read.key)))
      case 'has':
        return String(entries.get(this.#checkedKey(view, read.key)) !== undefined)
      case 'expiresAt':
        return entries.get(this.#checkedKey(view, read.key)) === undefined ? 'undefined' : 'Infinity'
      case 'getMany':
        return read.keys.map((key) => formatValue(entries.get(this.#checkedKey(view, key)))).join()
      case 'count': {
        const { offset = 0, limit = Infinity } = read.range ?? {}
        const span = this.#checkedSpan(view, read.range ?? {})
        return String(Math.min(limit, Math.max(0, span.end - span.start - offset)))
      }
      case 'estimate':
        this.#checkedSpan(view, read.range ?? {})
        return 'sane'
      case 'scan': {
        this.#checkedSpan(view, read.range ?? {})
        const scan = new ReferenceScan(view, read.part, read.range ?? {}, read.stages ?? [])
        return consumeItems(() => scan.next(), read.end ?? 'toArray')
      }
      case 'cursor': {
        this.#checkedSpan(view, read.range ?? {})
        return this.#moveCursor(new ReferenceCursor(view, read.range ?? {}), view.keys, read.moves)
      }
    }
  }

  #moveCursor(cursor: ReferenceCursor, keys: KeyConversion, moves: readonly Move[]): string {
    return moves
      .map((move) =>
        resultOf(() => {
          if (cursor.owner?.released === true) throw new ExpectedError('LDB_CLOSED')
          const key = typeof move === 'object' ? expand(move.seek) : ''
          if (keys.byteLength(key) > KEY_BYTES_MAX) throw new ExpectedError('LDB_TOO_LARGE')
          const entry = cursor.move(move, key)
          return entry === undefined ? '-' : formatItem(entry)
        }),
      )
      .join()
  }

  /** Opens, reads or closes a scan. */
  scan(command: ScanCommand): string {
    if (command.do === 'scanOpen') {
      if (this.#scans.length >= READS_MAX) return 'enough'
      const view = this.#state.view(command.ks, command.from, command.tx)
      this.#checkedSpan(view, command.range ?? {})
      this.#scans.push(
        new ReferenceScan(
          { ...view, entries: view.entries.freeze() },
          command.part,
          command.range ?? {},
          command.stages ?? [],
        ),
      )
      return 'open'
    }
    const at = command.pick % Math.max(1, this.#scans.length)
    const scan = this.#scans[at]
    if (scan === undefined) throw new NoTarget()
    if (command.do === 'scanEnd') {
      scan.end()
      this.#scans.splice(at, 1)
      return 'ended'
    }
    const items: string[] = []
    for (let left = command.count; left > 0; left--) {
      const item = scan.next()
      items.push(item === undefined ? '-' : formatItem(item))
    }
    return items.join()
  }

  /** Opens, moves or closes a cursor. */
  cursor(command: CursorCommand): string {
    if (command.do === 'cursorOpen') {
      if (this.#cursors.length >= READS_MAX) return 'enough'
      const view = this.#state.view(command.ks, command.from, command.tx)
      this.#checkedSpan(view, command.range ?? {})
      this.#cursors.push({ cursor: new ReferenceCursor(view, command.range ?? {}), keys: view.keys })
      return 'open'
    }
    const at = command.pick % Math.max(1, this.#cursors.length)
    const open = this.#cursors[at]
    if (open === undefined) throw new NoTarget()
    if (command.do === 'cursorMove') return this.#moveCursor(open.cursor, open.keys, command.moves)
    this.#cursors.splice(at, 1)
    return 'ended'
  }

  #checkedKey({ keys }: ReadView, key: Text): string {
    checkLength(keys, key)
    return expand(key)
  }

  #checkedSpan({ entries, keys }: ReadView, range: TextRange): Span {
    checkBounds(keys, range)
    return spanOf(entries, range, keys)
  }
}

/** Checks the keys and bounds of a read. @throws ExpectedError when one is too long. */
export function checkRead(keys: KeyConversion, read: Read): void {
  if ('key' in read) checkLength(keys, read.key)
  else if ('keys' in read) for (const key of read.keys) checkLength(keys, key)
  else checkBounds(keys, read.range ?? {})
}

function checkBounds(keys: KeyConversion, range: TextRange): void {
  checkRange(range, (text) => {
    checkLength(keys, text)
  })
}

function checkLength(keys: KeyConversion, text: Text): void {
  if (keys.byteLength(expand(text)) > KEY_BYTES_MAX) throw new ExpectedError('LDB_TOO_LARGE')
}
