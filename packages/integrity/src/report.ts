import { assert, ownProperty } from '@ldb/base'
import type {
  VerifyAmount,
  VerifyFinding,
  VerifyProgress,
  VerifySeverity,
  VerifyShape,
  VerifySink,
  VerifyUnitKind,
} from '@ldb/base'

/** A finding, with its severity. @category Reports */
export interface ReportedFinding extends VerifyFinding {
  readonly severity: VerifySeverity
}

/** Units of one kind that `verify` has counted. @category Reports */
export interface VerifyUnits {
  readonly kind: VerifyUnitKind
  readonly count: number
  /** Bytes in the files. */
  readonly bytes: number
  /** Bytes of the same units if nothing in them were compressed: `rawBytes` ÷ `bytes` is the compression ratio. */
  readonly rawBytes: number
}

/** Units that `verify` has decrypted with one data key. @category Reports */
export interface VerifiedDataKey {
  readonly dataKeyId: number
  readonly count: number
  /** Bytes in the files. */
  readonly bytes: number
}

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
  /** Those of severity `'error'`; the others are warnings. */
  readonly errorCount: number
  /** Units by kind. Where nothing is damaged, their bytes are those of the files. */
  readonly units: readonly VerifyUnits[]
  /** Fill and depth of a B+tree, levels of an LSM tree; `undefined` for other parts, and where the walk did not end. */
  readonly shape: VerifyShape | undefined
}

/**
 * The result of `verify`. All numbers are counted, none is estimated.
 *
 * @category Reports
 */
export interface VerifyReport {
  /** True when there are no findings, not even warnings. */
  readonly ok: boolean
  /** The first findings up to the limit, in order of discovery. */
  readonly findings: readonly ReportedFinding[]
  /** All findings, including those beyond the limit. */
  readonly findingCount: number
  /** Those of severity `'error'`: data are lost, or reads may fail. */
  readonly errorCount: number
  /** Those of severity `'warning'`: every entry can be read. */
  readonly warningCount: number
  /** Parts, in the order of checking. */
  readonly parts: readonly VerifyPart[]
  /** Units by kind, in all parts. */
  readonly units: readonly VerifyUnits[]
  /** Encrypted units by data key, ascending; empty for a database that is not encrypted. */
  readonly dataKeys: readonly VerifiedDataKey[]
  /** Bytes read and checked, in all parts. */
  readonly byteCount: number
  readonly durationMs: number
  /** `byteCount` in a second. */
  readonly bytesPerSecond: number
}

const FINDINGS_MAX_DEFAULT = 1000

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

/** A part that is being verified. */
interface OpenPart extends Writable<Omit<VerifyPart, 'units'>> {
  readonly units: UnitSums
}

/**
 * Collects the findings and counts of a `verify` run into a {@link VerifyReport}.
 *
 * @remarks Keeps at most `findingsMax` findings; further ones are only counted.
 * @category Reports
 */
export class ReportBuilder implements VerifySink {
  readonly #findingsMax: number
  readonly #findings: ReportedFinding[] = []
  readonly #parts: OpenPart[] = []
  readonly #dataKeys: Map<number, Writable<VerifiedDataKey>> = new Map()
  #findingCount = 0
  #errorCount = 0

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
    this.#parts.push({
      name,
      fileCount: 0,
      unitCount: 0,
      entryCount: 0,
      byteCount: 0,
      findingCount: 0,
      errorCount: 0,
      units: new UnitSums(),
      shape: undefined,
    })
  }

  /** Adds a finding. Implements `VerifySink`. */
  finding(finding: VerifyFinding): void {
    const part = this.#part()
    const severity = ownProperty(finding, 'severity', 'finding') ?? 'error'
    part.findingCount++
    this.#findingCount++
    if (severity === 'error') {
      part.errorCount++
      this.#errorCount++
    }
    if (this.#findings.length < this.#findingsMax)
      this.#findings.push(Object.freeze({ ...finding, severity }))
  }

  /** Adds a unit that was decrypted. */
  addDecrypted(dataKeyId: number, byteCount: number): void {
    const sum = this.#dataKeys.get(dataKeyId) ?? { dataKeyId, count: 0, bytes: 0 }
    sum.count++
    sum.bytes += byteCount
    this.#dataKeys.set(dataKeyId, sum)
  }

  /** Adds counts. Implements `VerifySink`. */
  progress(progress: VerifyProgress): void {
    const part = this.#part()
    part.fileCount += ownProperty(progress, 'files', 'progress') ?? 0
    part.unitCount += progress.units
    part.entryCount += progress.entries
    part.byteCount += progress.bytes
    for (const amount of ownProperty(progress, 'amounts', 'progress') ?? []) part.units.add(amount)
  }

  /** Adds the shape of the part. Implements `VerifySink`. */
  shape(shape: VerifyShape): void {
    this.#part().shape = frozenShape(shape)
  }

  /** Returns a frozen report of all findings and counts so far. */
  build(durationMs: number): VerifyReport {
    const units = new UnitSums()
    let byteCount = 0
    for (const part of this.#parts) {
      byteCount += part.byteCount
      for (const amount of part.units.list()) units.add(amount)
    }
    return Object.freeze({
      ok: this.#findingCount === 0,
      findings: Object.freeze([...this.#findings]),
      findingCount: this.#findingCount,
      errorCount: this.#errorCount,
      warningCount: this.#findingCount - this.#errorCount,
      parts: Object.freeze(this.#parts.map((part) => Object.freeze({ ...part, units: part.units.list() }))),
      units: units.list(),
      dataKeys: Object.freeze(
        [...this.#dataKeys.values()]
          .sort((left, right) => left.dataKeyId - right.dataKeyId)
          .map((sum) => Object.freeze({ ...sum })),
      ),
      byteCount,
      durationMs,
      bytesPerSecond: durationMs > 0 ? (byteCount * 1000) / durationMs : 0,
    })
  }

  #part(): OpenPart {
    const part = this.#parts.at(-1)
    assert(part !== undefined, 'beginPart must be called first')
    return part
  }
}

/** Adds up amounts by kind. */
class UnitSums {
  readonly #sums: Map<VerifyUnitKind, Writable<VerifyUnits>> = new Map()

  add(amount: VerifyAmount): void {
    const { kind, count, bytes } = amount
    if (count === 0) return
    const sum = this.#sums.get(kind) ?? { kind, count: 0, bytes: 0, rawBytes: 0 }
    sum.count += count
    sum.bytes += bytes
    sum.rawBytes += ownProperty(amount, 'rawBytes', 'amount') ?? bytes
    this.#sums.set(kind, sum)
  }

  /** Returns the sums, frozen. */
  list(): readonly VerifyUnits[] {
    return Object.freeze([...this.#sums.values()].map((sum) => Object.freeze({ ...sum })))
  }
}

function frozenShape(shape: VerifyShape): VerifyShape {
  if (shape.kind === 'tree') return Object.freeze({ ...shape })
  return Object.freeze({
    ...shape,
    levels: Object.freeze(shape.levels.map((level) => Object.freeze({ ...level }))),
  })
}
