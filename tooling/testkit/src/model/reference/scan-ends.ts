import { formatItem } from '../commands/result.js'
import type { ScanEnd } from '../commands/commands.js'
import { reduceItem, isChosen } from '../commands/scan-item.js'
import type { Item } from '../commands/scan-item.js'

/** Consumes items with a terminal operation and returns its formatted result. */
export function consumeItems(next: () => Item | undefined, end: ScanEnd): string {
  const items: Item[] = []
  for (let item = next(); item !== undefined; item = next()) items.push(item)
  if (end === 'some') return String(items.some(isChosen))
  if (end === 'every') return String(items.every(isChosen))
  if (end === 'find') {
    const found = items.find(isChosen)
    return found === undefined ? '-' : formatItem(found)
  }
  if (end === 'reduce') return items.reduce<string>(reduceItem, '')
  return (end === 'break' ? items.slice(0, 2) : items).map(formatItem).join()
}
