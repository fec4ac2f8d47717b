import { ExpectedError } from '../commands/result.js'
import { KEY_BYTES_MAX } from '@ldb/base'
import { expand } from '../commands/commands.js'
import type { Text, TextRange } from '../commands/commands.js'
import type { KeyConversion } from '../commands/conversions.js'

/** The entries of one keyspace at one commit, in key order. Copy-on-write once shared. */
export class SortedEntries {
  keys: string[]
  values: string[]
  #shared = false

  constructor(keys: string[] = [], values: string[] = []) {
    this.keys = keys
    this.values = values
  }

  get size(): number {
    return this.keys.length
  }

  /** Returns an immutable copy; shares the arrays until the next change. */
  freeze(): SortedEntries {
    this.#shared = true
    return new SortedEntries(this.keys, this.values)
  }

  /** Returns the index of the first key that is not below `key`. */
  lowerBound(key: string): number {
    const { keys } = this
    let low = 0
    let high = keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((keys[middle] as string) < key) low = middle + 1
      else high = middle
    }
    return low
  }

  get(key: string): string | undefined {
    const at = this.lowerBound(key)
    return this.keys[at] === key ? this.values[at] : undefined
  }

  put(key: string, value: string): void {
    this.#copyIfShared()
    const at = this.lowerBound(key)
    if (this.keys[at] === key) {
      this.values[at] = value
      return
    }
    this.keys.splice(at, 0, key)
    this.values.splice(at, 0, value)
  }

  delete(key: string): void {
    const at = this.lowerBound(key)
    if (this.keys[at] === key) this.removeSpan(at, at + 1)
  }

  /** Deletes the entries from index `start` to `end`. */
  removeSpan(start: number, end: number): void {
    if (start >= end) return
    this.#copyIfShared()
    this.keys.splice(start, end - start)
    this.values.splice(start, end - start)
  }

  #copyIfShared(): void {
    if (!this.#shared) return
    this.keys = this.keys.slice()
    this.values = this.values.slice()
    this.#shared = false
  }
}

/** The indices of a range, from `start` to `end`, before `limit` and `offset` apply. */
export interface Span {
  readonly start: number
  readonly end: number
  /** True when the bounds exclude every possible key. */
  readonly isEmpty: boolean
}

/** Returns the indices of the entries in a range. */
export function spanOf(entries: SortedEntries, range: TextRange, keys: KeyConversion): Span {
  const lower: Bound[] = []
  const upper: Bound[] = []
  const { gt, gte, lt, lte, limit } = range
  if (gte !== undefined) lower.push({ key: expand(gte), isOpen: false })
  if (gt !== undefined) lower.push({ key: expand(gt), isOpen: true })
  if (lt !== undefined) upper.push({ key: expand(lt), isOpen: true })
  if (lte !== undefined) upper.push({ key: expand(lte), isOpen: false })
  const prefix = range.prefix === undefined ? undefined : expand(range.prefix)
  if (limit === 0 || isEmptyRange(lower, upper, prefix, keys)) return { start: 0, end: 0, isEmpty: true }
  let start = 0
  let end = entries.size
  for (const bound of lower) start = Math.max(start, boundIndex(entries, bound, true))
  for (const bound of upper) end = Math.min(end, boundIndex(entries, bound, false))
  if (prefix !== undefined) {
    const first = entries.lowerBound(prefix)
    start = Math.max(start, first)
    if (keys.prefixIsWhole) end = Math.min(end, entries.keys[first] === prefix ? first + 1 : first)
    else end = Math.min(end, entries.lowerBound(prefix + ABOVE_ALL))
  }
  return { start, end: Math.max(start, end), isEmpty: false }
}

/** Sorts above every character of a key. */
const ABOVE_ALL = '\uffff'

interface Bound {
  readonly key: string
  readonly isOpen: boolean
}

function boundIndex(entries: SortedEntries, { key, isOpen }: Bound, isLower: boolean): number {
  const at = entries.lowerBound(key)
  const passesKey = isLower === isOpen
  return passesKey && entries.keys[at] === key ? at + 1 : at
}

/** Reports whether the bounds exclude every possible key. */
function isEmptyRange(
  lower: readonly Bound[],
  upper: readonly Bound[],
  prefix: string | undefined,
  keys: KeyConversion,
): boolean {
  if (lower.some(({ key, isOpen }) => isOpen && isGreatest(key))) return true
  const least = lower.map(({ key, isOpen }) => keys.encoded(key) + (isOpen ? '\0' : ''))
  const most = upper.map(({ key, isOpen }) => keys.encoded(key) + (isOpen ? '' : '\0'))
  if (prefix !== undefined) {
    least.push(keys.encodedPrefix(prefix))
    most.push(keys.encodedPrefix(prefix) + ABOVE_ALL)
  }
  const bottom = least.reduce((a, b) => (a > b ? a : b), '')
  return most.some((top) => top <= bottom)
}

/** Reports whether no key sorts above `key`: it consists of the greatest number of 0xFF bytes. */
function isGreatest(key: string): boolean {
  return key.length >= KEY_BYTES_MAX && key === '\xff'.repeat(key.length)
}

/** Returns the entries of a span in the direction of a range, after `offset` and `limit`. */
export function entriesOf(entries: SortedEntries, range: TextRange, span: Span): [string, string][] {
  const { offset = 0, limit = Infinity, reverse = false } = range
  const count = Math.max(0, Math.min(limit, span.end - span.start - offset))
  const found: [string, string][] = []
  for (let index = 0; index < count; index++) {
    const at = reverse ? span.end - 1 - offset - index : span.start + offset + index
    found.push([entries.keys[at] as string, entries.values[at] as string])
  }
  return found
}

/** Calls `check` for every bound of a range. `check` may throw. */
export function checkRange(range: TextRange | undefined, check: (text: Text) => void): void {
  if (range === undefined) return
  for (const name of ['prefix', 'gte', 'lt', 'gt', 'lte'] as const) {
    const text = range[name]
    if (text !== undefined) check(text)
  }
}

/** Checks the range of a `deleteRange`, which needs a bound. */
export function checkDeletedRange(range: TextRange, checkKey: (text: Text) => void): void {
  checkRange(range, checkKey)
  const { gt, gte, lt, lte, prefix } = range
  const isBounded = [gt, gte, lt, lte, prefix].some((bound) => bound !== undefined)
  if (!isBounded) throw new ExpectedError('LDB_INVALID_ARGUMENT')
}
