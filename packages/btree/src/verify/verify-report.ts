import { isLdbError } from '@ldb/base'
import type { LdbError, VerifyFinding, VerifySink } from '@ldb/base'
import { isResourceShortage } from '@ldb/vfs'

/** Pages between two calls of the sink's `progress`. */
const PROGRESS_PAGES = 256

/** Passes findings and progress of the verification of one file to a sink. @internal */
export class VerifyReport {
  /** Number of findings. */
  findingCount = 0
  readonly #sink: VerifySink
  readonly #file: string
  #progress = { units: 0, entries: 0, bytes: 0 }

  constructor(sink: VerifySink, file: string) {
    this.#sink = sink
    this.#file = file
  }

  /** Reports that checking of the file has begun. */
  begin(): void {
    this.#sink.progress({ files: 1, units: 0, entries: 0, bytes: 0 })
  }

  add(kind: VerifyFinding['kind'], offset: number, message: string): void {
    this.findingCount += 1
    this.#sink.finding({ kind, file: this.#file, offset, message })
  }

  /**
   * Adds an error as a finding, at its own offset if it has one.
   *
   * @throws the error itself for lack of descriptors or memory: nothing is known about the file then.
   */
  addError(error: LdbError, offset: number): void {
    if (isResourceShortage(error)) throw error
    const kind = error.code === 'LDB_CORRUPTION' || error.code === 'LDB_FORMAT' ? 'checksum' : 'io'
    this.add(kind, error.details.offset ?? offset, error.message)
  }

  /** Runs a part of the walk. An error that the part throws becomes a finding. Returns whether the part has completed. */
  guard(offset: number, part: () => void): boolean {
    try {
      part()
      return true
    } catch (error) {
      if (!isLdbError(error)) throw error
      this.addError(error, offset)
      return false
    }
  }

  /** Counts checked pages, entries and bytes, and reports them from time to time. */
  count(units: number, entries: number, bytes: number): void {
    const progress = this.#progress
    progress.units += units
    progress.entries += entries
    progress.bytes += bytes
    if (progress.units >= PROGRESS_PAGES) this.flush()
  }

  /** Reports what was counted since the last report. */
  flush(): void {
    const progress = this.#progress
    this.#progress = { units: 0, entries: 0, bytes: 0 }
    this.#sink.progress(progress)
  }
}
