import { formatItem } from './result.js'
import type { ScanPart } from './commands.js'

/** What a scan gives of one entry. */
export type Item = string | readonly [string, string]

/** Returns the part of an entry that was asked for. */
export function partOf(entry: readonly [string, string], part: ScanPart): Item {
  if (part === 'keys') return entry[0]
  return part === 'values' ? entry[1] : entry
}

/** Length of the first text of an item: what the stages and ends look at. */
export function lengthOf(item: Item): number {
  return typeof item === 'string' ? item.length : item[0].length
}

/** What `flatMap` makes of an item, in the reference and in reality. */
export function flatMapped(item: Item): Item[] {
  return lengthOf(item) % 3 === 0 ? [] : [item, formatItem(item)]
}

/** Reports whether the predicate that the ends use holds for an item. */
export function isChosen(item: Item): boolean {
  return lengthOf(item) % 5 === 4
}

/** Folds items into one text. */
export function reduceItem(before: string, item: Item, index: number): string {
  return `${before}${index}${formatItem(item)}`
}
