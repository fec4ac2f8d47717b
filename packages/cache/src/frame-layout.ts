import { assert } from '@ldb/base'

/** Offsets of pages in an arena are below this bound: V8 handles them as small integers, without conversions. */
const SINGLE_ARENA_BYTES_MAX: number = 2 ** 31 - 65_536
/** Size of an arena when there are several. */
const ARENA_BYTES = 2 ** 30
/** Distance of the views of two successive arenas: the alignment of the widest typed arrays. */
const TAG_STEP_SHIFT = 2
/** Bits of a page offset that contain the arena: pages are aligned to 512 bytes or more. */
const TAG_MASK = 511
/** Upper bound of the number of arenas. */
const ARENAS_MAX = (TAG_MASK + 1) >> TAG_STEP_SHIFT
/** Shift that leaves no bit of a frame number: all frames are in arena 0. */
const NO_SHIFT = 31

/** Largest budget of the frames of a cache, in bytes. @category Page cache */
export const CACHE_BYTES_MAX: number = 64 * 2 ** 30

/**
 * Where the frames of a cache lie: in one arena up to 2 GiB, and in several of 1 GiB above.
 *
 * @remarks The *offset* of a page is its byte offset in the view of its arena. Offsets are small integers, and the lowest nine bits of
 * one, which the alignment of pages leaves free, are four times the number of the arena. The view of an arena begins as many bytes
 * before its first frame, so that an offset is also a valid index. So code that works on one page adds to its offset as with one arena,
 * and an offset alone identifies the page.
 * @category Page cache
 */
export class FrameLayout {
  readonly #pageShift: number
  /** Log2 of the frames of an arena. */
  readonly #arenaShift: number
  /** Selects the bits of a frame number that count the frames of its arena. */
  readonly #frameMask: number

  /**
   * @param arenaBytes - size of an arena when one is not enough; a power of two. For tests.
   * @internal
   */
  constructor(frameCount: number, pageBytes: number, arenaBytes: number | undefined) {
    this.#pageShift = Math.log2(pageBytes)
    const isSingle = frameCount * pageBytes <= (arenaBytes ?? SINGLE_ARENA_BYTES_MAX)
    this.#arenaShift = isSingle ? NO_SHIFT : Math.log2((arenaBytes ?? ARENA_BYTES) / pageBytes)
    this.#frameMask = isSingle ? 2 ** NO_SHIFT - 1 : 2 ** this.#arenaShift - 1
    assert(Number.isInteger(this.#arenaShift), 'an arena has a power of two of frames')
    assert(frameCount <= ARENAS_MAX * (this.#frameMask + 1), 'the number of an arena fits its bits')
  }

  /** Log2 of the frames of an arena; 31 with a single one. */
  get arenaShift(): number {
    return this.#arenaShift
  }

  /** True when all frames lie in one arena. */
  get isSingle(): boolean {
    return this.#arenaShift === NO_SHIFT
  }

  /** Returns the number of frames of an arena in a cache of `frameCount` frames. */
  framesOf(arena: number, frameCount: number): number {
    const framesMax = this.#frameMask + 1
    return Math.min(framesMax, frameCount - arena * framesMax)
  }

  /** Returns the offset of the page in a frame. */
  offsetOf(frame: number): number {
    return ((frame & this.#frameMask) << this.#pageShift) | ((frame >>> this.#arenaShift) << TAG_STEP_SHIFT)
  }

  /** Returns the frame of the page at an offset. */
  frameOf(offset: number): number {
    return (offset >> this.#pageShift) + (arenaAt(offset) << this.#arenaShift)
  }
}

/** Returns the number of the arena that contains the page at an offset. @category Page cache */
export function arenaAt(offset: number): number {
  return (offset & TAG_MASK) >> TAG_STEP_SHIFT
}

/** Returns the difference between the offsets of pages in an arena and those of the same frames in the first one. @internal */
export function arenaTag(arena: number): number {
  return arena << TAG_STEP_SHIFT
}

/** Bytes that the buffer of an arena other than the first one has before its first frame. @internal */
export const ARENA_MARGIN: number = TAG_MASK + 1
