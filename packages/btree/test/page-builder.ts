import { compareBytes } from '@ldb/base'
import {
  BRANCH_RECORD_KEY_OFFSET,
  PAGE_HEADER_BYTES,
  PAGE_HEADER_HEAP_START_OFFSET,
  SLOT_BYTES,
  VALUE_FIELD_BYTES,
} from '../src/format.js'
import { clearPage, setPageNumber, slotCount } from '../src/page/page.js'
import { insertSlot } from '../src/page/edit.js'
import { setFences } from '../src/page/prefix.js'
import { PageMemory } from '../src/page/memory.js'
import type { ExtentReader } from '../src/page/memory.js'
import { branchRecordBytes, keyPartBytes, setValueField } from '../src/page/record.js'

/** Overflow extents in memory: a reference is an index into `contents`. */
export class MemoryExtents implements ExtentReader {
  readonly contents: Uint8Array[] = []

  readExtent(memory: PageMemory, offset: number): Uint8Array {
    return (
      this.contents[(memory.bytes[offset] as number) | ((memory.bytes[offset + 1] as number) << 8)] ??
      new Uint8Array(0)
    )
  }

  /** Returns the key part of a key. Adds an extent for a long key. */
  partOf(memory: PageMemory, key: Uint8Array): Uint8Array {
    if (key.length <= memory.keyPartMax) return key
    const part = new Uint8Array(memory.keyPartMax)
    part.set(key.subarray(0, memory.keyInlineBytes))
    part[memory.keyInlineBytes] = this.contents.length & 0xff
    part[memory.keyInlineBytes + 1] = this.contents.length >> 8
    this.contents.push(key)
    return part
  }
}

/** Allocates a memory of `pages` pages with a scratch page. */
export function makeMemory(pageBytes: number, pages = 1): { memory: PageMemory; extents: MemoryExtents } {
  const extents = new MemoryExtents()
  const scratch = new PageMemory(new Uint8Array(pageBytes), pageBytes, extents)
  return { memory: new PageMemory(new Uint8Array(pageBytes * pages), pageBytes, extents, scratch), extents }
}

/** Content and fence keys of a page. */
export interface PageContent {
  readonly keys: readonly Uint8Array[]
  readonly lower?: Uint8Array | undefined
  readonly upper?: Uint8Array | undefined
  /** Bytes of each value. Default: 0. */
  readonly valueBytes?: number
  readonly pageNumber?: number
}

/** Fills the leaf at `page` with as many of the keys as fit, in ascending order. Returns their number. */
export function fillLeaf(
  memory: PageMemory,
  extents: MemoryExtents,
  page: number,
  content: PageContent,
): number {
  const { keys, lower, upper, valueBytes = 0, pageNumber = 1 } = content
  clearPage(memory, page, 0)
  setPageNumber(memory, page, pageNumber)
  let count = 0
  for (const key of keys) {
    const bytes = VALUE_FIELD_BYTES + keyPartBytes(memory, key.length) + valueBytes
    if (!recordFits(memory, page, bytes)) break
    const record = insertSlot(memory, page, count, key.length, bytes)
    setValueField(memory, record, valueBytes)
    memory.bytes.set(extents.partOf(memory, key), record + VALUE_FIELD_BYTES)
    count += 1
  }
  setFences(memory, page, lower, upper)
  return count
}

/** Fills the branch of level 1 at `page`: slot 0 without a key, then one slot for each separator. Returns the slot count. */
export function fillBranch(
  memory: PageMemory,
  extents: MemoryExtents,
  page: number,
  content: PageContent,
): number {
  const { keys, lower, upper, pageNumber = 1 } = content
  clearPage(memory, page, 1)
  setPageNumber(memory, page, pageNumber)
  let count = 0
  for (const key of [new Uint8Array(0), ...keys]) {
    const bytes = branchRecordBytes(keyPartBytes(memory, key.length))
    if (!recordFits(memory, page, bytes)) break
    const record = insertSlot(memory, page, count, key.length, bytes)
    memory.i32[record >> 2] = 1000 + count
    memory.bytes.set(extents.partOf(memory, key), record + BRANCH_RECORD_KEY_OFFSET)
    count += 1
  }
  setFences(memory, page, lower, upper)
  return count
}

function recordFits(memory: PageMemory, page: number, bytes: number): boolean {
  const heap = memory.u16[(page + PAGE_HEADER_HEAP_START_OFFSET) >> 1] as number
  return heap - PAGE_HEADER_BYTES - (slotCount(memory, page) + 1) * SLOT_BYTES >= bytes
}

/** Sorts keys and removes duplicates. */
export function ascending(keys: readonly Uint8Array[]): Uint8Array[] {
  return [...keys]
    .sort(compareBytes)
    .filter((key, index, all) => index === 0 || compareBytes(all[index - 1] as Uint8Array, key) !== 0)
}
