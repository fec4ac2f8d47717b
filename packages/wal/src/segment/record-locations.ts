import { optionalMember } from '@ldb/base'
import type { VerifySink, VerifyUnitKind } from '@ldb/base'
import { RECORDS_FILE_OFFSET } from '../format.js'
import type { Segment } from './segment.js'

/** Reports the locations of the records of a segment: adjacent records of one type as one. */
export class RecordLocations {
  readonly #segment: Segment
  readonly #sink: VerifySink
  readonly #report: VerifySink['location']
  #type = 0
  #lsn: number
  #byteCount = 0

  constructor(segment: Segment, sink: VerifySink) {
    this.#segment = segment
    this.#sink = sink
    this.#lsn = segment.baseLsn
    this.#report = optionalMember(sink, 'location')
  }

  /** Adds a record. */
  add(type: number, lsn: number, byteCount: number): void {
    if (type === this.#type && this.#byteCount > 0 && lsn === this.#lsn + this.#byteCount) {
      this.#byteCount += byteCount
      return
    }
    this.#reportRun()
    this.#type = type
    this.#lsn = lsn
    this.#byteCount = byteCount
  }

  /** Reports the records that were not reported yet, the header, and what is behind the last record. */
  end(fileBytes: number): void {
    const unused = this.#segment.fileOffsetOf(this.#lsn + this.#byteCount)
    this.#reportRun()
    if (unused < fileBytes) this.#locate('unused', unused, fileBytes - unused)
    this.#locate('segment-header', 0, RECORDS_FILE_OFFSET)
  }

  #reportRun(): void {
    if (this.#byteCount === 0) return
    this.#locate(`record-${this.#type}`, this.#segment.fileOffsetOf(this.#lsn), this.#byteCount)
    this.#byteCount = 0
  }

  #locate(kind: VerifyUnitKind, offset: number, bytes: number): void {
    this.#report?.call(this.#sink, { kind, file: this.#segment.path, offset, bytes })
  }
}
