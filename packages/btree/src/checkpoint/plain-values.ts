import { compareBytes, isLdbError, ownBounds } from '@ldb/base'
import type { KeyBounds } from '@ldb/base'
import { ENCODED_BYTES_MIN } from '../dictionary/value-encoder.js'
import type { ValueEncoder } from '../dictionary/value-encoder.js'
import { slotCount } from '../page/page.js'
import { copyKey, recordOffset, slotKeyBytes, valueIsIndirect, valuePartBytes } from '../page/record.js'
import { searchBranch } from '../page/search.js'
import { valueOffset } from '../read/leaf-slots.js'
import { NONE_ENCODED } from '../write/tree-state.js'
import type { TreeState } from '../write/tree-state.js'
import { putEntry } from '../write/writer.js'

/** An entry whose value is put again in its encoded form: `bytes` has the key, then the value. */
interface EncodedEntry {
  readonly bytes: Uint8Array
  readonly keyBytes: number
}

/**
 * Encodes the values of leaves that are stored as they are, in key order. Without a dictionary, the first of them are its samples.
 *
 * @remarks Its position is a key, and each step descends anew: the tree may change between two steps. Each step leaves a valid tree with
 * the same entries. A leaf that is damaged ends the walk: reads of it report the damage.
 * @internal
 */
export class PlainValues {
  readonly #state: TreeState
  readonly #encoder: ValueEncoder
  readonly #upper: Uint8Array | undefined
  /** Lower bound of the next leaf. */
  #key: Uint8Array
  readonly #start: Uint8Array
  #isDone = false

  constructor(state: TreeState, encoder: ValueEncoder, bounds: KeyBounds) {
    this.#state = state
    this.#encoder = encoder
    const { lower, upper } = ownBounds(bounds)
    this.#start = this.#key = lower ?? new Uint8Array(0)
    this.#upper = upper
  }

  /** True when all leaves were visited. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** Encodes the values of one leaf. Returns false when there are none to encode. */
  step(): boolean {
    const encoder = this.#encoder
    const hadDictionary = encoder.hasDictionary
    const entries = this.#advance()
    if (!hadDictionary && encoder.hasDictionary) {
      // The samples were taken from the first leaves.
      this.#key = this.#start
      this.#isDone = false
    }
    for (const { bytes, keyBytes } of entries) {
      this.#state.encodedFrom = keyBytes
      putEntry(this.#state, bytes, 0, keyBytes, keyBytes, bytes.length)
    }
    this.#state.encodedFrom = NONE_ENCODED
    return entries.length > 0
  }

  /** Encodes values of the leaf at the position, without a change of the tree, and advances to the next leaf. */
  #advance(): EncodedEntry[] {
    const { pages, arenas, root } = this.#state
    const key = this.#key
    let next: Uint8Array | undefined
    const entries: EncodedEntry[] = []
    try {
      let page = pages.reader.root(root)
      for (let { level } = root; level > 0; level -= 1) {
        const memory = arenas.of(page)
        const slot = searchBranch(memory, page, key, 0, key.length)
        if (slot + 1 < slotCount(memory, page)) next = copyKey(memory, page, slot + 1)
        page = pages.reader.child(page, slot, level - 1)
      }
      this.#encodeLeaf(page, entries)
    } catch (error) {
      if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
      next = undefined
    }
    if (next === undefined || (this.#upper !== undefined && compareBytes(next, this.#upper) >= 0))
      this.#isDone = true
    else this.#key = next
    return entries
  }

  #encodeLeaf(page: number, entries: EncodedEntry[]): void {
    const memory = this.#state.arenas.of(page)
    const count = slotCount(memory, page)
    for (let slot = 0; slot < count; slot += 1) {
      const record = recordOffset(memory, page, slot)
      const valueBytes = valuePartBytes(memory, record)
      if (valueIsIndirect(memory, record) || valueBytes < ENCODED_BYTES_MIN) continue
      if (slotKeyBytes(memory, page, slot) > memory.keyPartMax) continue
      const key = copyKey(memory, page, slot)
      const bytes = new Uint8Array(key.length + valueBytes)
      const at = valueOffset(memory, page, slot)
      const length = this.#encoder.encode(memory.bytes, at, at + valueBytes, bytes, key.length)
      if (length === 0) continue
      bytes.set(key)
      entries.push({ bytes: bytes.subarray(0, key.length + length), keyBytes: key.length })
    }
  }
}
