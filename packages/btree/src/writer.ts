import { assert } from '@ldb/base'
import { RUN_REFERENCE_BYTES, VALUE_FIELD_BYTES, VALUE_IS_RUN } from './format.js'
import { mergeUp } from './merge.js'
import { pageNumberOf } from './page.js'
import { admitKey, copyBytes, fits, insertSlot, removeSlot, setHead } from './page-edit.js'
import type { PageMemory } from './page-memory.js'
import { keyPartBytes, recordOffset, setValueField, valueIsRun, valuePartBytes } from './record.js'
import { searchLeaf } from './search.js'
import { splitAndInsert } from './split.js'
import type { TreeState } from './tree-state.js'

/** Sets a key to a value; both are windows of one buffer. @internal */
export function putEntry(
  state: TreeState,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
): void {
  try {
    const leaf = state.descend(bytes, keyStart, keyEnd)
    const slot = searchLeaf(state.memory, leaf, bytes, keyStart, keyEnd)
    if (slot >= 0) replace(state, leaf, slot, bytes, keyStart, keyEnd, valueStart, valueEnd)
    else {
      insert(state, leaf, ~slot, bytes, keyStart, keyEnd, valueStart, valueEnd)
      state.entryCount += 1
    }
  } finally {
    state.pages.letGo()
  }
}

/** Removes a key, which must be present. @internal */
export function deleteEntry(state: TreeState, bytes: Uint8Array, keyStart: number, keyEnd: number): void {
  try {
    const leaf = state.descend(bytes, keyStart, keyEnd)
    const slot = searchLeaf(state.memory, leaf, bytes, keyStart, keyEnd)
    assert(slot >= 0, 'a key that is deleted is present')
    state.giveUpRuns(leaf, slot)
    removeSlot(state.memory, leaf, slot)
    state.entryCount -= 1
    mergeUp(state, state.root.level)
  } finally {
    state.pages.letGo()
  }
}

function replace(
  state: TreeState,
  leaf: number,
  slot: number,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
): void {
  const { memory } = state
  const record = recordOffset(memory, leaf, slot)
  const valueBytes = valueEnd - valueStart
  if (!valueIsRun(memory, record) && valuePartBytes(memory, record) === valueBytes) {
    const at = record + VALUE_FIELD_BYTES + keyPartBytes(memory, keyEnd - keyStart)
    copyBytes(bytes, valueStart, memory.bytes, at, valueBytes)
    return
  }
  const shrinks = valuePart(memory, valueBytes) < valuePartBytes(memory, record)
  state.giveUpRuns(leaf, slot)
  removeSlot(memory, leaf, slot)
  insert(state, leaf, slot, bytes, keyStart, keyEnd, valueStart, valueEnd)
  // A shorter record needs no split, so that the path is still the one that led here.
  if (shrinks) mergeUp(state, state.root.level)
}

function insert(
  state: TreeState,
  leaf: number,
  slot: number,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
): void {
  const { memory } = state
  const keyBytes = keyEnd - keyStart
  const valueBytes = valueEnd - valueStart
  const keyPart = keyPartBytes(memory, keyBytes)
  const long = valueBytes > memory.valueInlineMax
  const recordSize = VALUE_FIELD_BYTES + keyPart + valuePart(memory, valueBytes)
  let page = leaf
  let place = slot
  if (fits(memory, page, recordSize)) {
    admitKey(memory, page, bytes, keyStart, keyEnd)
  } else {
    page = splitAndInsert(state, state.root.level, slot, recordSize, bytes, keyStart, keyEnd)
    place = ~searchLeaf(memory, page, bytes, keyStart, keyEnd)
    admitKey(memory, page, bytes, keyStart, keyEnd)
  }
  const record = insertSlot(memory, page, place, keyBytes, recordSize)
  setValueField(memory, record, long ? RUN_REFERENCE_BYTES | VALUE_IS_RUN : valueBytes)
  writeKeyPart(state, record + VALUE_FIELD_BYTES, bytes, keyStart, keyEnd)
  const valueAt = record + VALUE_FIELD_BYTES + keyPart
  if (long) memory.bytes.set(state.pages.runs.write(bytes, valueStart, valueEnd), valueAt)
  else copyBytes(bytes, valueStart, memory.bytes, valueAt, valueBytes)
  setHead(memory, page, place)
  state.lastPage = pageNumberOf(memory, page)
  state.lastSlot = place
}

/** Bytes that a value takes in a leaf. */
function valuePart(memory: PageMemory, valueBytes: number): number {
  return valueBytes > memory.valueInlineMax ? RUN_REFERENCE_BYTES : valueBytes
}

/** Writes the key part of a record: the key, or its beginning and the reference of a run that holds all of it. */
function writeKeyPart(
  state: TreeState,
  at: number,
  bytes: Uint8Array,
  keyStart: number,
  keyEnd: number,
): void {
  const { memory } = state
  const keyBytes = keyEnd - keyStart
  if (keyBytes <= memory.keyPartMax) {
    copyBytes(bytes, keyStart, memory.bytes, at, keyBytes)
    return
  }
  copyBytes(bytes, keyStart, memory.bytes, at, memory.keyInlineBytes)
  memory.bytes.set(state.pages.runs.write(bytes, keyStart, keyEnd), at + memory.keyInlineBytes)
}
