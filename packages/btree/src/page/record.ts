import {
  BRANCH_RECORD_CHILD_CHECKSUM_OFFSET,
  BRANCH_RECORD_KEY_OFFSET,
  VALUE_FIELD_BYTES,
  VALUE_IS_ENCODED,
  VALUE_IS_EXTENT,
  VALUE_LENGTH_MASK,
} from '../format.js'
import { pageLevel, SLOTS_WORD } from './page.js'
import type { PageMemory } from './memory.js'

/** The second byte of a value field with one of its flags is at least this. */
const INDIRECT_BYTE_MIN = VALUE_IS_ENCODED >>> 8

// Accessors of slots and records. `page` is the byte offset of the page in its memory. Returned offsets are byte offsets in
// the same memory.

/** Returns the first slot that has a key: slot 0 of a branch has none, and covers everything below slot 1. @internal */
export function firstKeyedSlot(memory: PageMemory, page: number): number {
  return pageLevel(memory, page) === 0 ? 0 : 1
}

/** Returns the head of a slot. @internal */
export function slotHead(memory: PageMemory, page: number, slot: number): number {
  return memory.i32[(page >> 2) + SLOTS_WORD + (slot << 1)] as number
}

/** @internal */
export function setSlotHead(memory: PageMemory, page: number, slot: number, head: number): void {
  memory.i32[(page >> 2) + SLOTS_WORD + (slot << 1)] = head
}

/** Returns the offset of a slot's record. @internal */
export function recordOffset(memory: PageMemory, page: number, slot: number): number {
  return page + ((memory.i32[(page >> 2) + SLOTS_WORD + (slot << 1) + 1] as number) & 0xffff)
}

/** Returns the length of the whole key of a slot. @internal */
export function slotKeyBytes(memory: PageMemory, page: number, slot: number): number {
  return (memory.i32[(page >> 2) + SLOTS_WORD + (slot << 1) + 1] as number) >>> 16
}

/** Returns the size of the key part of a key of `keyBytes`. @internal */
export function keyPartBytes(memory: PageMemory, keyBytes: number): number {
  return keyBytes <= memory.keyPartMax ? keyBytes : memory.keyPartMax
}

/** Returns the offset of the key part of a slot's record. @internal */
export function keyOffset(memory: PageMemory, page: number, slot: number): number {
  const record = recordOffset(memory, page, slot)
  return pageLevel(memory, page) === 0 ? record + VALUE_FIELD_BYTES : record + BRANCH_RECORD_KEY_OFFSET
}

/** Returns the value field of the leaf record at `record`. @internal */
export function valueField(memory: PageMemory, record: number): number {
  return (memory.bytes[record] as number) | ((memory.bytes[record + 1] as number) << 8)
}

/** @internal */
export function setValueField(memory: PageMemory, record: number, field: number): void {
  memory.bytes[record] = field & 0xff
  memory.bytes[record + 1] = field >>> 8
}

/** Returns the size of the value part of the leaf record at `record`. @internal */
export function valuePartBytes(memory: PageMemory, record: number): number {
  return valueField(memory, record) & VALUE_LENGTH_MASK
}

/** Reports whether the leaf record at `record` stores its value in an overflow extent. @internal */
export function valueIsExtent(memory: PageMemory, record: number): boolean {
  return (valueField(memory, record) & VALUE_IS_EXTENT) !== 0
}

/** Reports whether the value of the leaf record at `record` is not in the record as it is: in an extent, or encoded. @internal */
export function valueIsIndirect(memory: PageMemory, record: number): boolean {
  return (memory.bytes[record + 1] as number) >= INDIRECT_BYTE_MIN
}

/** Reports whether the value part of the leaf record at `record` is an encoded value. @internal */
export function valueIsEncoded(memory: PageMemory, record: number): boolean {
  return (valueField(memory, record) & VALUE_IS_ENCODED) !== 0
}

/** Returns the size of a slot's record. @internal */
export function recordBytes(memory: PageMemory, page: number, slot: number): number {
  const keyPart = keyPartBytes(memory, slotKeyBytes(memory, page, slot))
  if (pageLevel(memory, page) !== 0) return branchRecordBytes(keyPart)
  return VALUE_FIELD_BYTES + keyPart + valuePartBytes(memory, recordOffset(memory, page, slot))
}

/** Returns the size of a branch record, padded to a multiple of four. @internal */
export function branchRecordBytes(keyPart: number): number {
  return (BRANCH_RECORD_KEY_OFFSET + keyPart + 3) & ~3
}

/** Returns the page number of a branch slot's child. @internal */
export function childOf(memory: PageMemory, page: number, slot: number): number {
  return memory.i32[recordOffset(memory, page, slot) >> 2] as number
}

/** @internal */
export function setChild(memory: PageMemory, page: number, slot: number, child: number): void {
  memory.i32[recordOffset(memory, page, slot) >> 2] = child
}

/** @internal */
export function childChecksumLow(memory: PageMemory, page: number, slot: number): number {
  return memory.i32[(recordOffset(memory, page, slot) + BRANCH_RECORD_CHILD_CHECKSUM_OFFSET) >> 2] as number
}

/** @internal */
export function childChecksumHigh(memory: PageMemory, page: number, slot: number): number {
  return memory.i32[
    ((recordOffset(memory, page, slot) + BRANCH_RECORD_CHILD_CHECKSUM_OFFSET) >> 2) + 1
  ] as number
}

/** @internal */
export function setChildChecksum(
  memory: PageMemory,
  page: number,
  slot: number,
  low: number,
  high: number,
): void {
  const word = (recordOffset(memory, page, slot) + BRANCH_RECORD_CHILD_CHECKSUM_OFFSET) >> 2
  memory.i32[word] = low
  memory.i32[word + 1] = high
}

/** Returns a copy of the whole key of a slot. Reads the overflow extent of a long key. @internal */
export function copyKey(memory: PageMemory, page: number, slot: number): Uint8Array {
  const keyBytes = slotKeyBytes(memory, page, slot)
  const offset = keyOffset(memory, page, slot)
  if (keyBytes <= memory.keyPartMax) return memory.bytes.slice(offset, offset + keyBytes)
  return memory.extents.readExtent(memory, offset + memory.keyInlineBytes)
}
