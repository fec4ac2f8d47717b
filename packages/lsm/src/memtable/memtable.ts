import { compareByteRanges, copyBytesInto, toSeq } from '@ldb/base'
import type { BatchSection, Seq } from '@ldb/base'
import { Tombstones } from '../entry/tombstones.js'
import type { EntryKind } from '../format.js'
import { hashKey } from '../key-hash.js'
import type { BufferPart } from '../entry/buffer-part.js'
import { giveArena, NO_ARENA, takeArena } from './arena.js'
import { KeyRuns } from './key-runs.js'
import type { KeySource } from './key-sort.js'

// A key record: position of its newest version, hash, offset and length of its bytes. Positions are byte offsets in the arena; 0 is none.
const KEY_NEWEST = 0
const KEY_HASH = 1
const KEY_START = 2
const KEY_BYTES = 3
const KEY_RECORD_BYTES = 16
// A version: position of the next older one, low half of the stamp, high half above the kind, offset and length of the value.
const VERSION_OLDER = 0
const VERSION_STAMP_LOW = 1
const VERSION_STAMP_HIGH = 2
const VERSION_VALUE_START = 3
const VERSION_VALUE_BYTES = 4
const VERSION_RECORD_BYTES = 20
const KIND_BITS = 8
const KIND_MASK: number = 2 ** KIND_BITS - 1

const CACHE_LINE_BYTES = 64
const TWO_POW_32 = 2 ** 32
/** Bytes of the records of an operation, at most. */
const RECORDS_BYTES: number = KEY_RECORD_BYTES + VERSION_RECORD_BYTES
/** Bytes up to the next multiple of four, behind a key and behind a value or a section. */
const PADDING_BYTES = 8
/** Bytes of the hash table for each key, on average. */
const SLOT_BYTES_PER_KEY = 24

/**
 * The newest operations of a store, in memory: an arena of keys and their versions, with a hash table over the keys.
 *
 * @remarks A section is copied to the arena as a whole; the records of its operations, behind it, point to keys and values in it. An operation
 * costs one probe of the hash table; nothing is sorted. A cursor sorts the keys that were added
 * since the last one (see {@link KeyRuns}). Nothing in the arena moves or changes but the link from a key to its newest version, so
 * that a reader at a stamp is not disturbed by later operations.
 */
export class Memtable implements KeySource {
  readonly tombstones: Tombstones = new Tombstones()
  /** Seq of the newest section; 0 when there is none. */
  lastSeq: Seq = toSeq(0)
  /** False when the memtable contains a part of a replay that had not ended when it was frozen. */
  isComplete = true
  entryCount = 0
  /** Deletes among the entries; counted by the owner. */
  deleteCount = 0
  #bytes: Uint8Array
  #words: Int32Array
  /** End of the used part of the arena. No record begins at 0. */
  #end = 4
  /** Two words a slot: hash and position of the key. */
  #slots: Int32Array
  #keyCount = 0
  /** Read states that contain the memtable. */
  #referenceCount = 0
  readonly #seed: number
  readonly #runs: KeyRuns

  /**
   * @param seed - random seed of the hash table.
   * @param byteCount - bytes that it will probably need, beyond those of a memtable that is not read any more. 0: as few as possible.
   */
  constructor(seed: number, byteCount = 0) {
    const { bytes, words, slots } = takeArena(byteCount)
    this.#bytes = bytes
    this.#words = words
    this.#slots = slots
    this.#seed = seed
    this.#runs = new KeyRuns(this)
  }

  get isEmpty(): boolean {
    return this.entryCount === 0 && this.tombstones.count === 0
  }

  /** Bytes in use: the arena and the hash table. The same for the same operations, whatever memory was there. */
  get byteCount(): number {
    return this.#end + this.#keyCount * SLOT_BYTES_PER_KEY
  }

  /** Buffer that contains keys and values. A later `add` may replace the buffer, and leaves the replaced one as it is. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /**
   * Copies a section to the arena, where the records that `add` makes point to its keys and values. Returns the section in the arena. One
   * whose operations do not follow each other is returned as it is, and `add` copies them one by one.
   */
  stage(section: BatchSection): BatchSection {
    const { bytes, start, end, operationCount, starts, origin } = section
    if (starts !== undefined || origin !== undefined) return section
    this.#reserve(end - start + operationCount * RECORDS_BYTES)
    const stagedStart = this.#end
    const stagedEnd = stagedStart + end - start
    copyBytesInto(this.#bytes, stagedStart, bytes, start, end)
    this.#end = (stagedEnd + 3) & ~3
    return { bytes: this.#bytes, start: stagedStart, end: stagedEnd, operationCount }
  }

  /** Notes a read state that contains the memtable. */
  addReference(): void {
    this.#referenceCount++
  }

  /** Releases the memory with the last reference, for another memtable: what was borrowed from this one is not valid any more. */
  removeReference(): void {
    this.#referenceCount--
    if (this.#referenceCount > 0) return
    giveArena({ bytes: this.#bytes, words: this.#words, slots: this.#slots })
    const { bytes, words, slots } = NO_ARENA
    this.#bytes = bytes
    this.#words = words
    this.#slots = slots
  }

  /** The part of the arena that has no records; of a frozen memtable. */
  get spare(): BufferPart {
    return { bytes: this.#bytes, start: this.#end, end: this.#bytes.length }
  }

  /**
   * Adds a version. Its stamp is greater than that of every version added before.
   *
   * @param source - contains key and value: the arena, for a section that was staged, or bytes that are copied to it.
   */
  add(
    kind: EntryKind,
    stamp: number,
    source: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const valueBytes = valueEnd - valueStart
    const isStaged = source === this.#bytes
    this.#reserve(isStaged ? RECORDS_BYTES : RECORDS_BYTES + keyEnd - keyStart + valueBytes)
    const hash = hashKey(source, keyStart, keyEnd, this.#seed)
    const slot = this.#slotOf(hash, source, keyStart, keyEnd)
    let key = this.#slots[slot + 1]!
    if (key === 0) {
      key = this.#addKey(
        hash,
        isStaged ? keyStart : this.#append(source, keyStart, keyEnd),
        keyEnd - keyStart,
      )
      this.#slots[slot] = hash
      this.#slots[slot + 1] = key
      this.#keyCount++
      this.#runs.add(key)
    }
    const ownStart = isStaged ? valueStart : this.#append(source, valueStart, valueEnd)
    const version = this.#end
    const words = this.#words
    const at = version >> 2
    words[at + VERSION_OLDER] = words[(key >> 2) + KEY_NEWEST]!
    words[at + VERSION_STAMP_LOW] = stamp | 0
    words[at + VERSION_STAMP_HIGH] = (Math.floor(stamp / TWO_POW_32) << KIND_BITS) | kind
    words[at + VERSION_VALUE_START] = ownStart
    words[at + VERSION_VALUE_BYTES] = valueBytes
    words[(key >> 2) + KEY_NEWEST] = version
    this.#end = version + VERSION_RECORD_BYTES
    this.entryCount++
    if (2 * this.#keyCount > this.#slots.length >> 1) this.#growSlots()
  }

  /** Returns the newest version of a key up to a stamp; 0 when there is none. */
  find(key: Uint8Array, keyBytes: number, stampMax: number): number {
    if (this.#keyCount === 0) return 0
    const hash = hashKey(key, 0, keyBytes, this.#seed)
    const record = this.#slots[this.#slotOf(hash, key, 0, keyBytes) + 1]!
    return record === 0 ? 0 : this.versionUpTo(this.newestOf(record), stampMax)
  }

  /** Returns the first version up to a stamp, from a version to the older ones; 0 when there is none. */
  versionUpTo(version: number, stampMax: number): number {
    let at = version
    while (at !== 0 && this.stampOf(at) > stampMax) at = this.olderThan(at)
    return at
  }

  newestOf(key: number): number {
    return this.#words[(key >> 2) + KEY_NEWEST]!
  }

  /** Returns the next older version; 0 when there is none. */
  olderThan(version: number): number {
    return this.#words[(version >> 2) + VERSION_OLDER]!
  }

  stampOf(version: number): number {
    const at = version >> 2
    const high = this.#words[at + VERSION_STAMP_HIGH]! >>> KIND_BITS
    return high * TWO_POW_32 + (this.#words[at + VERSION_STAMP_LOW]! >>> 0)
  }

  kindOf(version: number): EntryKind {
    return (this.#words[(version >> 2) + VERSION_STAMP_HIGH]! & KIND_MASK) as EntryKind
  }

  valueStart(version: number): number {
    return this.#words[(version >> 2) + VERSION_VALUE_START]!
  }

  valueEnd(version: number): number {
    const at = version >> 2
    return this.#words[at + VERSION_VALUE_START]! + this.#words[at + VERSION_VALUE_BYTES]!
  }

  keyStart(key: number): number {
    return this.#words[(key >> 2) + KEY_START]!
  }

  keyEnd(key: number): number {
    const at = key >> 2
    return this.#words[at + KEY_START]! + this.#words[at + KEY_BYTES]!
  }

  /** Loads the bytes of a key, and those of its value that lie behind them. Returns something that depends on them. */
  loadKey(key: number): number {
    const start = this.keyStart(key)
    return this.#bytes[start]! ^ this.#bytes[Math.min(start + CACHE_LINE_BYTES, this.#end - 1)]!
  }

  /** Returns the keys of now as sorted runs: each key is in one of them. The runs never change. */
  keyRuns(): readonly Int32Array[] {
    return this.#runs.runs()
  }

  /** Sorts the keys in steps, so that `keyRuns` has little to do; yields the number of keys of each step. No key is added meanwhile. */
  sortSteps(): Generator<number, void, void> {
    return this.#runs.sortSteps()
  }

  #addKey(hash: number, keyStart: number, keyBytes: number): number {
    const key = this.#end
    const at = key >> 2
    this.#words[at + KEY_NEWEST] = 0
    this.#words[at + KEY_HASH] = hash
    this.#words[at + KEY_START] = keyStart
    this.#words[at + KEY_BYTES] = keyBytes
    this.#end = key + KEY_RECORD_BYTES
    return key
  }

  /** Copies bytes to the arena, for which there is space. Returns their offset. */
  #append(source: Uint8Array, start: number, end: number): number {
    const offset = this.#end
    copyBytesInto(this.#bytes, offset, source, start, end)
    this.#end = (offset + end - start + 3) & ~3
    return offset
  }

  /** Returns the index of the slot of a key, or of the empty slot where it belongs. */
  #slotOf(hash: number, key: Uint8Array, keyStart: number, keyEnd: number): number {
    const slots = this.#slots
    const mask = slots.length - 2
    let slot = (hash << 1) & mask
    for (;;) {
      const record = slots[slot + 1]!
      if (record === 0 || (slots[slot] === hash && this.#isKey(record, key, keyStart, keyEnd))) return slot
      slot = (slot + 2) & mask
    }
  }

  #isKey(record: number, key: Uint8Array, keyStart: number, keyEnd: number): boolean {
    const start = this.keyStart(record)
    const end = this.keyEnd(record)
    return (
      end - start === keyEnd - keyStart &&
      compareByteRanges(this.#bytes, start, end, key, keyStart, keyEnd) === 0
    )
  }

  #growSlots(): void {
    const old = this.#slots
    const slots = new Int32Array(2 * old.length)
    const mask = slots.length - 2
    for (let index = 0; index < old.length; index += 2) {
      if (old[index + 1] === 0) continue
      let slot = (old[index]! << 1) & mask
      while (slots[slot + 1] !== 0) slot = (slot + 2) & mask
      slots[slot] = old[index]!
      slots[slot + 1] = old[index + 1]!
    }
    this.#slots = slots
  }

  /** Makes space for bytes and the padding behind them. */
  #reserve(byteCount: number): void {
    const needed = this.#end + byteCount + PADDING_BYTES
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.ceil(Math.max(needed, 2 * this.#bytes.length) / 8) * 8)
    grown.set(this.#bytes.subarray(0, this.#end))
    this.#bytes = grown
    this.#words = new Int32Array(grown.buffer)
  }
}
