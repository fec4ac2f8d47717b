import { assert, copyBytesInto, INVARIANTS, isLdbError } from '@ldb/base'
import { createLz4Dictionary, trainDictionary } from '@ldb/integrity'
import type { Lz4Dictionary } from '@ldb/integrity'
import {
  ENCODED_VALUE_BLOCK_OFFSET,
  ENCODED_VALUE_DECODED_BYTES_MAX,
  ENCODED_VALUE_DECODED_BYTES_OFFSET,
  ENCODED_VALUE_DICTIONARY_OFFSET,
} from '../format.js'
import type { PageLimits } from '../page/memory.js'
import type { Dictionaries } from './dictionaries.js'

/** Shorter values are stored as they are. @internal */
export const ENCODED_BYTES_MIN = 64
/** Bytes of a dictionary. */
const DICTIONARY_BYTES = INVARIANTS ? 1024 : 4096
/** Bytes of the values from which a dictionary is trained. @internal */
export const SAMPLE_BYTES: number = INVARIANTS ? 4096 : 65_536
/** Bytes of one value that are sampled. */
const SAMPLED_MAX = 2048
/** An encoded value must save at least this share. */
const SAVED_SHARE_MIN = 1 / 8
/** Values in a row that save too little, after which some are not tried. */
const FAILURES_MAX = 4
const SKIPPED_MAX = 32
/** Bytes of values after which the ratio is compared with that of the samples. */
const WINDOW_BYTES = INVARIANTS ? 8192 : 2 ** 20
/** A window that needs so many times as many bytes for a value as the samples did begins a training. */
const LOSS_MIN = 1.2
/** A new dictionary is used when it saves this share of what the present one needs. */
const GAIN_MIN = 0.1
/** Share of its bytes that a value is expected to take, at most, where no samples are known. */
const EXPECTED_MAX = 0.6
/** Share of the samples from which a dictionary is trained; the others show what it saves. */
const TRAINED_SHARE = 3 / 4
/** Windows between two trainings at most, as a power of two. */
const PAUSE_BITS_MAX = 6

/**
 * Encodes values with the newest dictionary of a tree, and trains dictionaries.
 *
 * @remarks Without a dictionary, the values that are written are sampled; when there are 64 KiB of samples, a dictionary is trained from most of them at once. Later, each window of
 * 1 MiB of values is compared with the samples: when it needs a fifth more, its successor is sampled, and a new dictionary is trained, which is kept
 * when it saves a tenth. A training that finds none is repeated after ever longer pauses.
 * @internal
 */
export class ValueEncoder {
  readonly #dictionaries: Dictionaries
  readonly #valuePartMax: number
  #codec: Lz4Dictionary | undefined = undefined
  #id = 0
  /** The dictionaries cannot be read: nothing is encoded. */
  #isDamaged = false
  #failureCount = 0
  #skipCount = 0
  /** Allocated while values are sampled. */
  #samples: Uint8Array | undefined = undefined
  #sampleEnds: number[] = []
  #isFull = false
  /** Share of the bytes of the samples that their encoded form takes; 0 when unknown. */
  #expected = 0
  #windowRaw = 0
  #windowStored = 0
  #pauseBits = 0
  #pause = 0

  constructor(dictionaries: Dictionaries, { valueInlineMax }: PageLimits) {
    this.#dictionaries = dictionaries
    this.#valuePartMax = valueInlineMax
    try {
      this.#codec = dictionaries.newest
      this.#id = dictionaries.count
    } catch (error) {
      if (!isLdbError(error, 'LDB_CORRUPTION')) throw error
      this.#isDamaged = true
    }
    if (this.#codec === undefined && !this.#isDamaged) this.#beginSampling()
  }

  /** Reports whether values are encoded. */
  get hasDictionary(): boolean {
    return this.#codec !== undefined
  }

  /**
   * Encodes the value `source[start, end)` to `target`, from `at` on; `target` has space for as many bytes.
   *
   * @returns the length of the encoded value; 0 when the value is to be stored as it is.
   * @throws {@link LdbError} LDB_NO_SPACE, LDB_IO when a dictionary that is trained cannot be written.
   */
  encode(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
    const byteCount = end - start
    if (byteCount < ENCODED_BYTES_MIN || byteCount > ENCODED_VALUE_DECODED_BYTES_MAX) return 0
    if (this.#samples !== undefined) {
      this.#sample(source, start, end)
      if (this.#isFull) this.#train()
    }
    if (this.#codec === undefined) return 0
    if (this.#skipCount > 0) {
      this.#skipCount -= 1
      this.#count(byteCount, byteCount)
      return 0
    }
    const limit = Math.floor(byteCount * (1 - SAVED_SHARE_MIN))
    const bytesMax = Math.min(limit, this.#valuePartMax) - ENCODED_VALUE_BLOCK_OFFSET
    const blockBytes = this.#codec.compress(
      source,
      start,
      end,
      target,
      at + ENCODED_VALUE_BLOCK_OFFSET,
      bytesMax,
    )
    if (blockBytes === 0) {
      this.#noteFailure()
      this.#count(byteCount, byteCount)
      return 0
    }
    this.#failureCount = 0
    target[at + ENCODED_VALUE_DICTIONARY_OFFSET] = this.#id
    target[at + ENCODED_VALUE_DECODED_BYTES_OFFSET] = byteCount & 0xff
    target[at + ENCODED_VALUE_DECODED_BYTES_OFFSET + 1] = byteCount >>> 8
    this.#count(byteCount, blockBytes)
    return ENCODED_VALUE_BLOCK_OFFSET + blockBytes
  }

  #train(): void {
    const samples = this.#samples
    const ends = this.#sampleEnds
    assert(samples !== undefined, 'a training has samples')
    this.#samples = undefined
    this.#sampleEnds = []
    this.#isFull = false
    this.#windowRaw = this.#windowStored = 0
    // The samples that a dictionary repeats say nothing of other values.
    const trained = Math.floor(ends.length * TRAINED_SHARE)
    const bytes = trainDictionary(samples, ends.slice(0, trained), DICTIONARY_BYTES)
    const codec = createLz4Dictionary(bytes)
    const stored = storedShare(codec, samples, ends, trained)
    const present = this.#codec === undefined ? 1 : storedShare(this.#codec, samples, ends, trained)
    if (bytes.length === 0 || stored > present * (1 - GAIN_MIN) || !this.#dictionaries.hasSpace) {
      this.#expected = present
      this.#pauseBits = Math.min(PAUSE_BITS_MAX, this.#pauseBits + 1)
      this.#pause = 2 ** this.#pauseBits
      return
    }
    this.#dictionaries.add(bytes)
    this.#codec = codec
    this.#id = this.#dictionaries.count
    this.#expected = stored
    this.#failureCount = this.#skipCount = 0
    this.#pause = this.#pauseBits = 0
  }

  #noteFailure(): void {
    this.#failureCount += 1
    if (this.#failureCount >= FAILURES_MAX) {
      this.#skipCount = Math.min(SKIPPED_MAX, 2 ** (this.#failureCount - FAILURES_MAX))
    }
  }

  /** Adds a value to the window, and compares a full one with the samples. */
  #count(raw: number, stored: number): void {
    this.#windowRaw += raw
    this.#windowStored += stored
    if (this.#windowRaw < WINDOW_BYTES) return
    const share = this.#windowStored / this.#windowRaw
    this.#windowRaw = this.#windowStored = 0
    // A file that was opened with a dictionary: the first window is what the next ones are compared with, unless it compresses badly.
    if (this.#expected === 0) this.#expected = Math.min(share, EXPECTED_MAX)
    if (this.#pause > 0) this.#pause -= 1
    else if (share > this.#expected * LOSS_MIN && this.#samples === undefined && this.#dictionaries.hasSpace)
      this.#beginSampling()
  }

  #beginSampling(): void {
    this.#samples = new Uint8Array(SAMPLE_BYTES)
    this.#sampleEnds = []
  }

  #sample(source: Uint8Array, start: number, end: number): void {
    if (this.#isFull) return
    const samples = this.#samples as Uint8Array
    const at = this.#sampleEnds.at(-1) ?? 0
    const length = Math.min(end - start, SAMPLED_MAX, samples.length - at)
    copyBytesInto(samples, at, source, start, start + length)
    this.#sampleEnds.push(at + length)
    this.#isFull = at + length === samples.length
  }
}

/** Returns the share of their bytes that the samples from `first` on take with a dictionary. */
function storedShare(
  codec: Lz4Dictionary,
  samples: Uint8Array,
  ends: readonly number[],
  first: number,
): number {
  const target = new Uint8Array(SAMPLED_MAX)
  const from = ends[first - 1] ?? 0
  let stored = 0
  let start = from
  for (const end of ends.slice(first)) {
    const blockBytes = codec.compress(samples, start, end, target, 0, end - start)
    stored += blockBytes === 0 ? end - start : blockBytes + ENCODED_VALUE_BLOCK_OFFSET
    start = end
  }
  return stored / (start - from)
}
