import { assert } from '@ldb/base'
import type { VerifyFinding, VerifyProgress, VerifySink } from '@ldb/base'

/**
 * What was really read and checked of one part of a database.
 *
 * @category Reports
 */
export interface VerifyPart {
  /** Name of the part, unique in its report: the log, or a keyspace. */
  readonly name: string
  readonly fileCount: number
  /** Pages, blocks or records. */
  readonly unitCount: number
  readonly entryCount: number
  readonly byteCount: number
  /** Findings in this part, those that were not kept included. */
  readonly findingCount: number
}

/**
 * What `verify` found. All numbers are counted, none is estimated.
 *
 * @category Reports
 */
export interface VerifyReport {
  /** True when there is not one finding. */
  readonly ok: boolean
  /** The first findings, in the order in which they were found. */
  readonly findings: readonly VerifyFinding[]
  /** How many there are, those that were not kept included. */
  readonly findingCount: number
  /** In the order in which they were checked. */
  readonly parts: readonly VerifyPart[]
  readonly durationMs: number
}

const FINDINGS_MAX_DEFAULT = 1000

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/**
 * Gathers a {@link VerifyReport} while stores walk over themselves.
 *
 * @remarks Takes memory for `findingsMax` findings at most; further ones are counted.
 * @category Reports
 */
export class ReportBuilder implements VerifySink {
  readonly #findingsMax: number
  readonly #findings: VerifyFinding[] = []
  readonly #parts: Writable<VerifyPart>[] = []
  #findingCount = 0

  /** @param findingsMax - how many findings are kept; 1000 unless told. */
  constructor(findingsMax: number = FINDINGS_MAX_DEFAULT) {
    assert(Number.isInteger(findingsMax) && findingsMax >= 0, 'findingsMax must be a whole number')
    this.#findingsMax = findingsMax
  }

  /** How many findings there are so far. */
  get findingCount(): number {
    return this.#findingCount
  }

  /** Begins a part: what is reported from now on belongs to it. */
  beginPart(name: string): void {
    assert(!this.#parts.some((part) => part.name === name), 'a part of a report must have a name of its own')
    this.#parts.push({ name, fileCount: 0, unitCount: 0, entryCount: 0, byteCount: 0, findingCount: 0 })
  }

  /** Takes one finding: VerifySink. */
  finding(finding: VerifyFinding): void {
    this.#part().findingCount++
    this.#findingCount++
    if (this.#findings.length < this.#findingsMax) this.#findings.push(Object.freeze({ ...finding }))
  }

  /** Adds counts: VerifySink. */
  progress(progress: VerifyProgress): void {
    const part = this.#part()
    part.fileCount += progress.files ?? 0
    part.unitCount += progress.units
    part.entryCount += progress.entries
    part.byteCount += progress.bytes
  }

  /** Returns the report on what came so far, frozen; it does not change when more comes. */
  build(durationMs: number): VerifyReport {
    return Object.freeze({
      ok: this.#findingCount === 0,
      findings: Object.freeze([...this.#findings]),
      findingCount: this.#findingCount,
      parts: Object.freeze(this.#parts.map((part) => Object.freeze({ ...part }))),
      durationMs,
    })
  }

  #part(): Writable<VerifyPart> {
    const part = this.#parts.at(-1)
    assert(part !== undefined, 'a report must have begun a part')
    return part
  }
}
