import { shownItem } from '../commands/answer.js'
import type { ScanEnd } from '../commands/commands.js'
import { folded, isChosen } from '../commands/scan-item.js'
import type { Item } from '../commands/scan-item.js'

/** Reads items in the way of an end, and gives what comes of it. */
export function endOfScan(next: () => Item | undefined, end: ScanEnd): string {
  const items: Item[] = []
  for (let item = next(); item !== undefined; item = next()) items.push(item)
  if (end === 'some') return String(items.some(isChosen))
  if (end === 'every') return String(items.every(isChosen))
  if (end === 'find') {
    const found = items.find(isChosen)
    return found === undefined ? '-' : shownItem(found)
  }
  if (end === 'reduce') return items.reduce<string>(folded, '')
  return (end === 'break' ? items.slice(0, 2) : items).map(shownItem).join()
}
