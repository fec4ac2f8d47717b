import {
  compareByteRanges,
  invalidArgument,
  KEY_BYTES_MAX,
  kindOf,
  tooLarge,
  toPlainBytes,
  VALUE_BYTES_MAX,
} from '@ldb/base'
import { ENCODED_VALUE_DECODED_BYTES_MAX, VALUE_FIELD_BYTES, VALUE_IS_ENCODED } from '../format.js'
import { prefixBytes, slotCount } from '../page/page.js'
import { admitKey } from '../page/prefix.js'
import { copyBytes, fits, insertSlot } from '../page/edit.js'
import { setSlotHead, setValueField } from '../page/record.js'
import { deleteAll } from './range-delete.js'
import { keyHead } from '../page/search-slots.js'
import type { TreeEncoding } from './tree-encoding.js'
import { NONE_ENCODED } from './tree-state.js'
import type { TreeState } from './tree-state.js'
import { putEntry } from './writer.js'

/** Initial size of the buffer that holds a copy of the previous key. */
const PREVIOUS_BYTES_MIN = 256
/** Values above this size are copied with `set`, shorter ones byte by byte. */
const WHOLE_BYTES_MIN = 32
const NO_BYTES = new Uint8Array(0)

/**
 * Fills an empty tree from entries in ascending key order. Appends each entry to the rightmost leaf, without descent or search,
 * and leaves full pages.
 *
 * @returns `undefined` on success. Otherwise the fault, with the tree empty again: LDB_INVALID_ARGUMENT when a key is not above the
 * previous one or an element is no entry; LDB_TOO_LARGE; or what the source threw.
 * @throws what reading or writing pages throws. The content of the tree is then undefined.
 * @internal
 */
export function bulkLoad(
  state: TreeState,
  entries: Iterable<readonly [key: Uint8Array, value: Uint8Array]>,
  encoding?: TreeEncoding,
): { readonly fault: unknown } | undefined {
  const { pages } = state
  let previous = new Uint8Array(PREVIOUS_BYTES_MIN)
  let previousBytes = -1
  let leaf = -1
  let isChanging = false
  const encoder = encoding?.encoder
  const encoded = encoder === undefined ? NO_BYTES : new Uint8Array(ENCODED_VALUE_DECODED_BYTES_MAX)
  try {
    for (const entry of entries) {
      if (!Array.isArray(entry)) throw invalidArgument(`an entry is a key and a value, not ${kindOf(entry)}`)
      const key = toPlainBytes(entry[0], 'key')
      const value = toPlainBytes(entry[1], 'value')
      if (key.length > KEY_BYTES_MAX) throw tooLarge('key', key.length, KEY_BYTES_MAX)
      if (value.length > VALUE_BYTES_MAX) throw tooLarge('value', value.length, VALUE_BYTES_MAX)
      if (previousBytes >= 0 && compareByteRanges(previous, 0, previousBytes, key, 0, key.length) >= 0) {
        throw invalidArgument('the entries of a bulk load must be in ascending order', { key })
      }
      // The source may reuse its arrays. One reused buffer for the copy is cheaper than a new array for each key.
      previousBytes = key.length
      if (previousBytes > previous.length) previous = key.slice()
      else copyBytes(key, 0, previous, 0, previousBytes)
      isChanging = true
      let part = value
      if (encoder !== undefined) {
        const length = encoder.encode(value, 0, value.length, encoded, 0)
        if (length > 0) part = encoded.subarray(0, length)
      }
      const isEncoded = part !== value
      if (leaf < 0) leaf = state.descend(key, 0, key.length)
      if (!appendEntry(state, leaf, key, part, isEncoded)) {
        pages.pins.unpinAll()
        leaf = -1
        putWithSplit(state, key, part, isEncoded)
      }
      isChanging = false
    }
  } catch (fault) {
    pages.pins.unpinAll()
    if (isChanging) throw fault
    deleteAll(state)
    return { fault }
  }
  pages.pins.unpinAll()
  return undefined
}

/** Puts an entry that does not fit into the rightmost leaf or needs an extent. */
function putWithSplit(state: TreeState, key: Uint8Array, value: Uint8Array, isEncoded: boolean): void {
  const entry = new Uint8Array(key.length + value.length)
  entry.set(key)
  entry.set(value, key.length)
  state.encodedFrom = isEncoded ? key.length : NONE_ENCODED
  putEntry(state, entry, 0, key.length, key.length, entry.length)
  state.encodedFrom = NONE_ENCODED
}

/** Appends an entry to the rightmost leaf. Returns false, without a change, when it does not fit or needs an extent. */
function appendEntry(
  state: TreeState,
  leaf: number,
  key: Uint8Array,
  value: Uint8Array,
  isEncoded: boolean,
): boolean {
  const memory = state.arenas.of(leaf)
  const keyBytes = key.length
  const valueBytes = value.length
  const bytes = VALUE_FIELD_BYTES + keyBytes + valueBytes
  if (keyBytes > memory.keyPartMax || valueBytes > memory.valueInlineMax || !fits(memory, leaf, bytes))
    return false
  admitKey(memory, leaf, key, 0, keyBytes)
  const slot = slotCount(memory, leaf)
  const record = insertSlot(memory, leaf, slot, keyBytes, bytes)
  setValueField(memory, record, isEncoded ? valueBytes | VALUE_IS_ENCODED : valueBytes)
  copyBytes(key, 0, memory.bytes, record + VALUE_FIELD_BYTES, keyBytes)
  const valueAt = record + VALUE_FIELD_BYTES + keyBytes
  if (valueBytes > WHOLE_BYTES_MIN) memory.bytes.set(value, valueAt)
  else copyBytes(value, 0, memory.bytes, valueAt, valueBytes)
  setSlotHead(memory, leaf, slot, keyHead(key, 0, keyBytes, prefixBytes(memory, leaf)))
  state.entryCount += 1
  return true
}
