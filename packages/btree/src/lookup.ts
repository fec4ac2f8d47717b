import { VALUE_FIELD_BYTES } from './format.js'
import type { Pages, Root } from './pages.js'
import { keyPartBytes, recordOffset, valueIsRun, valuePartBytes } from './record.js'
import { searchBranch, searchLeaf } from './search.js'
import type { ValueSlab } from './value-slab.js'

/**
 * Finds the record of a key below a root.
 *
 * @returns the record's offset in the arena, good until the next page is brought in, or -1.
 * @internal
 */
export function findRecord(pages: Pages, root: Root, key: Uint8Array, start: number, end: number): number {
  const { memory } = pages
  let page = pages.root(root)
  for (let level = root.level; level > 0; level -= 1) {
    page = pages.child(page, searchBranch(memory, page, key, start, end), level - 1)
  }
  const slot = searchLeaf(memory, page, key, start, end)
  return slot < 0 ? -1 : recordOffset(memory, page, slot)
}

/** Gives a copy of the value of the record at `record`, whose key has `keyBytes` bytes. @internal */
export function copyValue(pages: Pages, slab: ValueSlab, record: number, keyBytes: number): Uint8Array {
  const { memory } = pages
  const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyBytes)
  if (valueIsRun(memory, record)) return pages.runs.readRun(memory, at)
  return slab.copy(memory.bytes, at, valuePartBytes(memory, record))
}
