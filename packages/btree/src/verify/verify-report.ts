import { isLdbError, optionalMember } from '@ldb/base'
import type {
  LdbError,
  VerifyFinding,
  VerifyLocation,
  VerifyShape,
  VerifySink,
  VerifySeverity,
  VerifyUnitKind,
} from '@ldb/base'
import { isResourceShortage } from '@ldb/vfs'
import type { TreeFigures } from './tree-figures.js'

/** Pages between two calls of the sink's `progress`. */
const PROGRESS_PAGES = 256

/** Passes findings and progress of the verification of one file to a sink. @internal */
export class VerifyReport {
  /** Number of findings. */
  findingCount = 0
  readonly #sink: VerifySink
  readonly #file: string
  readonly #figures: TreeFigures
  #progress = { units: 0, entries: 0, bytes: 0 }
  readonly #location: VerifySink['location']

  /** @param figures - amounts by kind, which {@link VerifyReport.flush} reports. */
  constructor(sink: VerifySink, file: string, figures: TreeFigures) {
    this.#sink = sink
    this.#location = optionalMember(sink, 'location')
    this.#file = file
    this.#figures = figures
  }

  /** Reports that checking of the file has begun. */
  begin(): void {
    this.#sink.progress({ files: 1, units: 0, entries: 0, bytes: 0 })
  }

  add(
    kind: VerifyFinding['kind'],
    offset: number,
    message: string,
    severity: VerifySeverity = 'error',
    keys?: VerifyFinding['keys'],
  ): void {
    this.findingCount += 1
    const finding = { kind, file: this.#file, offset, message, severity }
    this.#sink.finding(keys === undefined ? finding : { ...finding, keys })
  }

  /**
   * Adds an error as a finding, at its own offset if it has one.
   *
   * @throws the error itself for lack of descriptors or memory: nothing is known about the file then.
   */
  addError(error: LdbError, offset: number, severity?: VerifySeverity, keys?: VerifyFinding['keys']): void {
    if (isResourceShortage(error)) throw error
    const kind = error.code === 'LDB_CORRUPTION' || error.code === 'LDB_FORMAT' ? 'checksum' : 'io'
    this.add(kind, error.details.offset ?? offset, error.message, severity, keys)
  }

  /** Adds an error as {@link VerifyReport.addError} does, or a fault of the structure by its message. */
  addFault(fault: LdbError | string, offset: number, severity: VerifySeverity): void {
    if (typeof fault === 'string') this.add('structure', offset, fault, severity)
    else this.addError(fault, offset, severity)
  }

  /** Runs a part of the walk. An error that the part throws becomes a finding. Returns whether the part has completed. */
  guard(offset: number, part: () => void, keys?: VerifyFinding['keys']): boolean {
    try {
      part()
      return true
    } catch (error) {
      if (!isLdbError(error)) throw error
      this.addError(error, offset, 'error', keys)
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

  /** Reports the location of pages of one kind. */
  locate(
    kind: VerifyUnitKind,
    page: number,
    pageCount: number = 1,
    about?: Pick<VerifyLocation, 'isDirty' | 'level' | 'keys'>,
  ): void {
    if (this.#location === undefined) return
    const { pageBytes } = this.#figures
    const [offset, bytes] = [page * pageBytes, pageCount * pageBytes]
    this.#location.call(this.#sink, { kind, file: this.#file, offset, bytes, ...about })
  }

  /** Reports what was counted since the last report. */
  flush(): void {
    const progress = this.#progress
    this.#progress = { units: 0, entries: 0, bytes: 0 }
    this.#sink.progress({ ...progress, amounts: this.#figures.takeAmounts() })
  }

  /** Reports the shape of the tree. */
  shape(shape: VerifyShape): void {
    optionalMember(this.#sink, 'shape')?.call(this.#sink, shape)
  }
}
