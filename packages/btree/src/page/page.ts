import {
  FLAG_EDGE,
  PAGE_HEADER_BYTES,
  PAGE_HEADER_CHECKSUM_OFFSET,
  PAGE_HEADER_COUNT_OFFSET,
  PAGE_HEADER_DEAD_BYTES_OFFSET,
  PAGE_HEADER_EPOCH_OFFSET,
  PAGE_HEADER_FLAGS_OFFSET,
  PAGE_HEADER_HEAP_START_OFFSET,
  PAGE_HEADER_KIND_OFFSET,
  PAGE_HEADER_LEVEL_OFFSET,
  PAGE_HEADER_PAGE_NUMBER_OFFSET,
  PAGE_HEADER_PREFIX_BYTES_OFFSET,
  PageKind,
  SLOT_BYTES,
} from '../format.js'
import type { PageMemory } from './memory.js'

// Accessors of the page header. `page` is the byte offset of the page in its memory, below 2^31, so that the shifts are exact.

const COUNT = PAGE_HEADER_COUNT_OFFSET >> 1
const PREFIX = PAGE_HEADER_PREFIX_BYTES_OFFSET >> 1
const HEAP = PAGE_HEADER_HEAP_START_OFFSET >> 1
const DEAD = PAGE_HEADER_DEAD_BYTES_OFFSET >> 1
const NUMBER = PAGE_HEADER_PAGE_NUMBER_OFFSET >> 2
const EPOCH = PAGE_HEADER_EPOCH_OFFSET >> 2

/** Int32 index of slot 0, relative to the page. @internal */
export const SLOTS_WORD: number = PAGE_HEADER_BYTES >> 2

/** @internal */
export function slotCount(memory: PageMemory, page: number): number {
  return memory.u16[(page >> 1) + COUNT] as number
}

/** @internal */
export function setSlotCount(memory: PageMemory, page: number, count: number): void {
  memory.u16[(page >> 1) + COUNT] = count
}

/** @internal */
export function prefixBytes(memory: PageMemory, page: number): number {
  return memory.u16[(page >> 1) + PREFIX] as number
}

/** @internal */
export function setPrefixBytes(memory: PageMemory, page: number, bytes: number): void {
  memory.u16[(page >> 1) + PREFIX] = bytes
}

/** @internal */
export function heapStart(memory: PageMemory, page: number): number {
  return memory.u16[(page >> 1) + HEAP] as number
}

/** @internal */
export function setHeapStart(memory: PageMemory, page: number, offset: number): void {
  memory.u16[(page >> 1) + HEAP] = offset
}

/** @internal */
export function deadBytes(memory: PageMemory, page: number): number {
  return memory.u16[(page >> 1) + DEAD] as number
}

/** @internal */
export function setDeadBytes(memory: PageMemory, page: number, bytes: number): void {
  memory.u16[(page >> 1) + DEAD] = bytes
}

/** @internal */
export function pageKind(memory: PageMemory, page: number): number {
  return memory.bytes[page + PAGE_HEADER_KIND_OFFSET] as number
}

/** @internal */
export function pageLevel(memory: PageMemory, page: number): number {
  return memory.bytes[page + PAGE_HEADER_LEVEL_OFFSET] as number
}

/** @internal */
export function isEdge(memory: PageMemory, page: number): boolean {
  return ((memory.bytes[page + PAGE_HEADER_FLAGS_OFFSET] as number) & FLAG_EDGE) !== 0
}

/** @internal */
export function setEdge(memory: PageMemory, page: number, edge: boolean): void {
  memory.bytes[page + PAGE_HEADER_FLAGS_OFFSET] = edge ? FLAG_EDGE : 0
}

/** @internal */
export function pageNumberOf(memory: PageMemory, page: number): number {
  return memory.i32[(page >> 2) + NUMBER] as number
}

/** @internal */
export function setPageNumber(memory: PageMemory, page: number, pageNumber: number): void {
  memory.i32[(page >> 2) + NUMBER] = pageNumber
}

/** @internal */
export function pageEpoch(memory: PageMemory, page: number): number {
  const word = (page >> 2) + EPOCH
  return ((memory.i32[word + 1] as number) >>> 0) * 2 ** 32 + ((memory.i32[word] as number) >>> 0)
}

/** @internal */
export function setPageEpoch(memory: PageMemory, page: number, epoch: number): void {
  const word = (page >> 2) + EPOCH
  memory.i32[word] = epoch % 2 ** 32
  memory.i32[word + 1] = Math.floor(epoch / 2 ** 32)
}

/** @internal */
export function checksumLow(memory: PageMemory, page: number): number {
  return memory.i32[(page + PAGE_HEADER_CHECKSUM_OFFSET) >> 2] as number
}

/** @internal */
export function checksumHigh(memory: PageMemory, page: number): number {
  return memory.i32[((page + PAGE_HEADER_CHECKSUM_OFFSET) >> 2) + 1] as number
}

/** @internal */
export function setChecksum(memory: PageMemory, page: number, low: number, high: number): void {
  memory.i32[(page + PAGE_HEADER_CHECKSUM_OFFSET) >> 2] = low
  memory.i32[((page + PAGE_HEADER_CHECKSUM_OFFSET) >> 2) + 1] = high
}

/** Returns the bytes available to new slots and records, dead bytes included. @internal */
export function freeBytes(memory: PageMemory, page: number): number {
  return (
    heapStart(memory, page) -
    PAGE_HEADER_BYTES -
    slotCount(memory, page) * SLOT_BYTES +
    deadBytes(memory, page)
  )
}

/** Returns the bytes that slots and records occupy. @internal */
export function usedBytes(memory: PageMemory, page: number): number {
  return memory.pageEnd - PAGE_HEADER_BYTES - freeBytes(memory, page)
}

/** Turns a page into an empty tree page. Page number, epoch and checksum are unchanged. @internal */
export function clearPage(memory: PageMemory, page: number, level: number): void {
  memory.bytes[page + PAGE_HEADER_KIND_OFFSET] = level === 0 ? PageKind.Leaf : PageKind.Branch
  memory.bytes[page + PAGE_HEADER_LEVEL_OFFSET] = level
  memory.bytes[page + PAGE_HEADER_FLAGS_OFFSET] = FLAG_EDGE
  memory.bytes[page + PAGE_HEADER_FLAGS_OFFSET + 1] = 0
  setSlotCount(memory, page, 0)
  setPrefixBytes(memory, page, 0)
  setHeapStart(memory, page, memory.pageEnd)
  setDeadBytes(memory, page, 0)
}
