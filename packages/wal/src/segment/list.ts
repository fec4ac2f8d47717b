import { assert } from '@ldb/base'
import { equalIds } from './header.js'
import type { CreateCipher, Segment } from './segment.js'

/** The segments of an open log, oldest first. Each begins where the previous one ends. */
export class SegmentList {
  /** Makes the cipher of a segment; `undefined` when the log is not encrypted. */
  readonly createCipher: CreateCipher | undefined
  readonly #segments: Segment[]
  #nextNumber: number

  constructor(segments: readonly Segment[], nextNumber: number, createCipher?: CreateCipher) {
    this.createCipher = createCipher
    this.#segments = [...segments]
    this.#nextNumber = nextNumber
  }

  get all(): readonly Segment[] {
    return this.#segments
  }

  get oldest(): Segment | undefined {
    return this.#segments[0]
  }

  get newest(): Segment | undefined {
    return this.#segments.at(-1)
  }

  /** Base lsn of the oldest segment. */
  get firstLsn(): number {
    return this.#segments[0]?.baseLsn ?? 0
  }

  /** Returns the next segment number, above that of every file found in the directory. */
  allocateNumber(): number {
    return this.#nextNumber++
  }

  add(segment: Segment): void {
    assert(segment.baseLsn === (this.newest?.endLsn ?? segment.baseLsn), 'segments must leave no gap')
    this.#segments.push(segment)
  }

  removeOldest(): void {
    assert(this.#segments.length > 1, 'the newest segment is never removed')
    this.#segments.shift()
  }

  /**
   * Returns the end of the records that were appended before any segment followed the one with an id; `undefined` when the log does not
   * contain it. Copies of its records at the start of its successor are among them.
   */
  appendEndOf(segmentId: Uint8Array): number | undefined {
    let end = Infinity
    for (let index = this.#segments.length - 1; index >= 0; index--) {
      const header = this.#segments[index]?.header
      assert(header !== undefined, 'the index is below the length')
      if (equalIds(header.segmentId, segmentId)) return end
      end = header.durableEndLsn
    }
    return undefined
  }

  /** Returns the segment that contains `lsn`; the newest one for the end of the log. */
  find(lsn: number): Segment | undefined {
    // An empty segment has the base of the next one: the last segment with that base contains the record.
    let holder: Segment | undefined
    for (const segment of this.#segments) {
      if (segment.baseLsn > lsn) break
      holder = segment
    }
    return holder
  }
}
