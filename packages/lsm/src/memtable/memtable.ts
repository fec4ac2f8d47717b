import { compareByteRanges, copyBytesInto, toSeq } from '@ldb/base'
import type { BatchSection, Seq } from '@ldb/base'
import { Tombstones } from '../entry/tombstones.js'
import type { EntryKind } from '../format.js'
import { hashKey } from '../key-hash.js'
import type { BufferPart } from '../entry/buffer-part.js'
import { KeyRuns } from './key-runs.js'
import type { KeySource } from './key-sort.js'

// A key record: position of its newest version, hash, length, bytes. Positions are byte offsets in the arena; 0 is none.
const KEY_NEWEST = 0
const KEY_HASH = 1
const KEY_BYTES = 2
const KEY_HEADER_BYTES = 12
// A version: position of the next older one, stamp in two halves, kind, length of the value, bytes.
const VERSION_OLDER = 0
const VERSION_STAMP_LOW = 1
const VERSION_STAMP_HIGH = 2
const VERSION_KIND = 3
const VERSION_VALUE_BYTES = 4
const VERSION_HEADER_BYTES = 20

const ARENA_BYTES_MIN = 4096
const SLOTS_MIN = 64
const TWO_POW_32 = 2 ** 32

/** Bytes of the records of an operation besides its key and value, at most: headers, and the ends of records at multiples of four. */
const RECORD_OVERHEAD_MAX: number = KEY_HEADER_BYTES + VERSION_HEADER_BYTES + 6

/**
 * The newest operations of a store, in memory: an arena of keys and their versions, with a hash table over the keys.
 *
 * @remarks An operation is appended, and costs one probe of the hash table; nothing is sorted. A cursor sorts the keys that were added
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
  /** End of the used part of the arena. */
  #end: number
  /** Two words a slot: hash and position of the key. */
  #slots: Int32Array
  #keyCount = 0
  readonly #seed: number
  readonly #runs: KeyRuns

  /**
   * @param seed - random seed of the hash table.
   * @param previous - a memtable that was filled: this one will become as large, and need not grow.
   */
  constructor(seed: number, previous?: Memtable) {
    this.#bytes = new Uint8Array(previous === undefined ? ARENA_BYTES_MIN : previous.#bytes.length)
    this.#words = new Int32Array(this.#bytes.buffer)
    // No record begins at 0.
    this.#end = 4
    this.#slots = new Int32Array(previous === undefined ? 2 * SLOTS_MIN : previous.#slots.length)
    this.#seed = seed
    this.#runs = new KeyRuns(this)
  }

  get isEmpty(): boolean {
    return this.entryCount === 0 && this.tombstones.count === 0
  }

  /** Bytes in use: the arena and the hash table. */
  get byteCount(): number {
    return this.#end + this.#slots.byteLength
  }

  /** Buffer that contains keys and values. A later `add` may replace the buffer, and leaves the replaced one as it is. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /**
   * Copies a section behind the records to come, so that `add` moves keys and values within one buffer: that takes a third of the time of
   * copies from another one, each of which needs a view. Returns the section in the arena, which is valid until its operations are
   * added; the section itself where the arena has no space for both.
   */
  stage(section: BatchSection): BatchSection {
    const { bytes, start, end, operationCount, starts, origin } = section
    const byteCount = end - start
    const target = this.#bytes
    const stagedStart = target.length - byteCount
    const recordsEnd = this.#end + byteCount + operationCount * RECORD_OVERHEAD_MAX
    if (starts !== undefined || origin !== undefined || recordsEnd > stagedStart) return section
    copyBytesInto(target, stagedStart, bytes, start, end)
    return { bytes: target, start: stagedStart, end: target.length, operationCount }
  }

  /** The part of the arena that has no records; of a frozen memtable. */
  get spare(): BufferPart {
    return { bytes: this.#bytes, start: this.#end, end: this.#bytes.length }
  }

  /**
   * Adds a version. Its stamp is greater than that of every version added before.
   *
   * @param source - contains key and value. Copied.
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
    this.#reserve(KEY_HEADER_BYTES + keyEnd - keyStart + VERSION_HEADER_BYTES + valueBytes + 8)
    const hash = hashKey(source, keyStart, keyEnd, this.#seed)
    const slot = this.#slotOf(hash, source, keyStart, keyEnd)
    let key = this.#slots[slot + 1]!
    if (key === 0) {
      key = this.#addKey(hash, source, keyStart, keyEnd)
      this.#slots[slot] = hash
      this.#slots[slot + 1] = key
      this.#keyCount++
      this.#runs.add(key)
    }
    const version = this.#end
    const words = this.#words
    const at = version >> 2
    words[at + VERSION_OLDER] = words[(key >> 2) + KEY_NEWEST]!
    words[at + VERSION_STAMP_LOW] = stamp | 0
    words[at + VERSION_STAMP_HIGH] = Math.floor(stamp / TWO_POW_32)
    words[at + VERSION_KIND] = kind
    words[at + VERSION_VALUE_BYTES] = valueBytes
    copyBytesInto(this.#bytes, version + VERSION_HEADER_BYTES, source, valueStart, valueEnd)
    words[(key >> 2) + KEY_NEWEST] = version
    this.#end = (version + VERSION_HEADER_BYTES + valueBytes + 3) & ~3
    this.entryCount++
    if (2 * this.#keyCount > this.#slots.length >> 1) this.#growSlots()
  }

  /** Returns the newest version of a key up to a stamp; 0 when there is none. */
  find(key: Uint8Array, keyBytes: number, stampMax: number): number {
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
    return this.#words[at + VERSION_STAMP_HIGH]! * TWO_POW_32 + (this.#words[at + VERSION_STAMP_LOW]! >>> 0)
  }

  kindOf(version: number): EntryKind {
    return this.#words[(version >> 2) + VERSION_KIND] as EntryKind
  }

  valueStart(version: number): number {
    return version + VERSION_HEADER_BYTES
  }

  valueEnd(version: number): number {
    return version + VERSION_HEADER_BYTES + this.#words[(version >> 2) + VERSION_VALUE_BYTES]!
  }

  keyStart(key: number): number {
    return key + KEY_HEADER_BYTES
  }

  keyEnd(key: number): number {
    return key + KEY_HEADER_BYTES + this.#words[(key >> 2) + KEY_BYTES]!
  }

  /** Returns the keys of now as sorted runs: each key is in one of them. The runs never change. */
  keyRuns(): readonly Int32Array[] {
    return this.#runs.runs()
  }

  /** Sorts the keys in steps, so that `keyRuns` has little to do; yields the number of keys of each step. No key is added meanwhile. */
  sortSteps(): Generator<number, void, void> {
    return this.#runs.sortSteps()
  }

  #addKey(hash: number, source: Uint8Array, keyStart: number, keyEnd: number): number {
    const key = this.#end
    const at = key >> 2
    this.#words[at + KEY_NEWEST] = 0
    this.#words[at + KEY_HASH] = hash
    this.#words[at + KEY_BYTES] = keyEnd - keyStart
    copyBytesInto(this.#bytes, key + KEY_HEADER_BYTES, source, keyStart, keyEnd)
    this.#end = (key + KEY_HEADER_BYTES + keyEnd - keyStart + 3) & ~3
    return key
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

  #reserve(byteCount: number): void {
    const needed = this.#end + byteCount
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.ceil(Math.max(needed, 2 * this.#bytes.length) / 8) * 8)
    grown.set(this.#bytes.subarray(0, this.#end))
    this.#bytes = grown
    this.#words = new Int32Array(grown.buffer)
  }
}
