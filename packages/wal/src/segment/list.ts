import { assert } from '@ldb/base'
import type { Segment } from './segment.js'

/** The segments of an open log, oldest first, each beginning where the one before it ends. */
export class SegmentList {
  readonly #segments: Segment[]
  #nextNumber: number

  constructor(segments: readonly Segment[], nextNumber: number) {
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

  /** Lsn of the oldest record there may be. */
  get firstLsn(): number {
    return this.#segments[0]?.baseLsn ?? 0
  }

  /** Returns a number that no file here has borne, as far as can be known. */
  takeNumber(): number {
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

  /** Returns the segment that holds the record at `lsn`; the newest one for the end of the log. */
  find(lsn: number): Segment | undefined {
    // Segments that hold nothing share their base with the next one: the last of them is wanted.
    let holder: Segment | undefined
    for (const segment of this.#segments) {
      if (segment.baseLsn > lsn) break
      holder = segment
    }
    return holder
  }
}
