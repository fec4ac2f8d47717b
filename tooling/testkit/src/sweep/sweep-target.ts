import { isLdbError } from '@ldb/base'
import type { LdbErrorCode, VerifyFinding, VerifySink } from '@ldb/base'
import { Violation } from '../base/violation.js'

/** A range of bytes of a file: from `start` on, below `end`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** A file that is damaged. */
export interface TargetFile {
  readonly path: string
  /** The intact content. */
  readonly bytes: Uint8Array
  /** Bytes whose every change must be reported. Changes of others must do no harm. */
  readonly live: readonly ByteRange[]
  /** Live units that can be exchanged with each other: pages, blocks, records. */
  readonly units: readonly ByteRange[]
  /** Groups of units that are verified whatever becomes of the others: damage to a whole group is reported for each unit, with its position. */
  readonly groups: readonly (readonly ByteRange[])[]
  /** The same file of another store with the same entries, or of an older state of this one. */
  readonly foreign: readonly Uint8Array[]
  /** Of the live bits outside of groups, each one whose number is divisible by this is tried. */
  readonly flipStep: number
  /** Whether each cut within a live unit must be reported. `false` where a file may end anywhere after a crash. */
  readonly mustReportCuts: boolean
}

/** A small store whose files are damaged one byte at a time, while something reads them again for each case. */
export interface SweepTarget {
  readonly name: string
  readonly files: readonly TargetFile[]
  /** Writes bytes to a file as it is on the disk; the store does not notice. */
  patch(path: string, bytes: Uint8Array, start: number): void
  truncate(path: string, length: number): void
  /** Verifies the files that are damaged. Returns what is reported. */
  verify(): readonly Reported[]
  /** Opens the store anew, and reads all of it. Returns whether it was refused. @throws Violation when anything read is wrong. */
  read(): boolean
  close(): void
}

/** `LDB_NOT_FOUND`: an archive whose last frame is damaged ends before it. */
const CODES: readonly LdbErrorCode[] = [
  'LDB_CORRUPTION',
  'LDB_FORMAT',
  'LDB_UNSUPPORTED',
  'LDB_KEY',
  'LDB_NOT_FOUND',
]

/** Reports whether damage was refused. @throws Violation for an error that it must not cause. */
export function isRefused(part: () => void): boolean {
  try {
    part()
    return false
  } catch (error) {
    if (error instanceof Violation) throw error
    if (!isLdbError(error) || !CODES.includes(error.code))
      throw new Violation(`it fails with ${String(error)}`, { cause: error })
    const { file, offset } = error.details
    if (error.code === 'LDB_CORRUPTION' && (file === undefined || offset === undefined))
      throw new Violation(`no file or offset: ${error.message}`)
    return true
  }
}

/** Where a verification reports damage. */
export interface Reported {
  readonly file: string
  readonly offset: number
}

/** Collects where findings are. */
class Findings implements VerifySink {
  readonly reported: Reported[] = []

  finding({ file, offset }: VerifyFinding): void {
    this.reported.push({ file, offset })
  }

  progress(): void {
    // Only findings count.
  }
}

/** Returns what a verification reports; a file that it refuses is one finding. */
export function reportedBy(verify: (sink: VerifySink) => void): readonly Reported[] {
  const findings = new Findings()
  if (
    isRefused(() => {
      verify(findings)
    })
  )
    findings.reported.push({ file: '', offset: -1 })
  return findings.reported
}

/** Returns a range for a whole file. */
export function wholeOf(bytes: Uint8Array): readonly ByteRange[] {
  return [{ start: 0, end: bytes.length }]
}
