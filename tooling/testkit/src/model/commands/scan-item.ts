import { formatItem } from './result.js'
import type { ScanPart } from './commands.js'

/** An item of a scan: a key, a value or an entry. */
export type Item = string | readonly [string, string]

/** Returns the requested part of an entry. */
export function partOf(entry: readonly [string, string], part: ScanPart): Item {
  if (part === 'keys') return entry[0]
  return part === 'values' ? entry[1] : entry
}

/** Returns the length of the first string of an item, which the stages and predicates use. */
export function lengthOf(item: Item): number {
  return typeof item === 'string' ? item.length : item[0].length
}

/** Maps an item to zero or two items: the `flatMap` callback of database and reference. */
export function flatMapped(item: Item): Item[] {
  return lengthOf(item) % 3 === 0 ? [] : [item, formatItem(item)]
}

/** Reports whether an item satisfies the predicate of `some`, `every` and `find`. */
export function isChosen(item: Item): boolean {
  return lengthOf(item) % 5 === 4
}

/** Appends an item to a string: the `reduce` callback. */
export function reduceItem(before: string, item: Item, index: number): string {
  return `${before}${index}${formatItem(item)}`
}
