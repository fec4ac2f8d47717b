import { assert, ownProperty } from '@ldb/base'
import type { VerifyFinding, VerifyProgress, VerifySink } from '@ldb/base'

/**
 * Counts of the data that `verify` read and checked in one part of a database.
 *
 * @category Reports
 */
export interface VerifyPart {
  /** Name of the part, unique in its report: the log or a keyspace. */
  readonly name: string
  readonly fileCount: number
  /** Pages, blocks or records. */
  readonly unitCount: number
  readonly entryCount: number
  readonly byteCount: number
  /** Findings in this part, including those beyond the limit. */
  readonly findingCount: number
}

/**
 * The result of `verify`. All numbers are counted, none is estimated.
 *
 * @category Reports
 */
export interface VerifyReport {
  /** True when there are no findings. */
  readonly ok: boolean
  /** The first findings up to the limit, in order of discovery. */
  readonly findings: readonly VerifyFinding[]
  /** All findings, including those beyond the limit. */
  readonly findingCount: number
  /** Parts, in the order of checking. */
  readonly parts: readonly VerifyPart[]
  readonly durationMs: number
}

const FINDINGS_MAX_DEFAULT = 1000

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/**
 * Collects the findings and counts of a `verify` run into a {@link VerifyReport}.
 *
 * @remarks Keeps at most `findingsMax` findings; further ones are only counted.
 * @category Reports
 */
export class ReportBuilder implements VerifySink {
  readonly #findingsMax: number
  readonly #findings: VerifyFinding[] = []
  readonly #parts: Writable<VerifyPart>[] = []
  #findingCount = 0

  /** @param findingsMax - number of findings to keep; 1000 by default. */
  constructor(findingsMax: number = FINDINGS_MAX_DEFAULT) {
    assert(Number.isInteger(findingsMax) && findingsMax >= 0, 'findingsMax must be a non-negative integer')
    this.#findingsMax = findingsMax
  }

  /** Number of findings so far. */
  get findingCount(): number {
    return this.#findingCount
  }

  /** Begins a part. Later findings and counts belong to it. */
  beginPart(name: string): void {
    assert(!this.#parts.some((part) => part.name === name), 'names of report parts must be unique')
    this.#parts.push({ name, fileCount: 0, unitCount: 0, entryCount: 0, byteCount: 0, findingCount: 0 })
  }

  /** Adds a finding. Implements `VerifySink`. */
  finding(finding: VerifyFinding): void {
    this.#part().findingCount++
    this.#findingCount++
    if (this.#findings.length < this.#findingsMax) this.#findings.push(Object.freeze({ ...finding }))
  }

  /** Adds counts. Implements `VerifySink`. */
  progress(progress: VerifyProgress): void {
    const part = this.#part()
    part.fileCount += ownProperty(progress, 'files', 'progress') ?? 0
    part.unitCount += progress.units
    part.entryCount += progress.entries
    part.byteCount += progress.bytes
  }

  /** Returns a frozen report of all findings and counts so far. */
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
    assert(part !== undefined, 'beginPart must be called first')
    return part
  }
}
