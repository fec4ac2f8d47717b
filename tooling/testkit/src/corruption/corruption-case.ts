import { getHeapStatistics } from 'node:v8'
import { isLdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { Database } from '@ldb/core'
import type { DatabaseOptions } from '@ldb/core'
import type { Vfs } from '@ldb/vfs'
import { promised, Violation } from '../violation.js'
import { GOLDEN_PATH, goldenSpace } from './golden.js'
import type { Golden, GoldenEntry } from './golden.js'

/** How a damaged database has answered. All of them are allowed; what is not is a {@link Violation}. */
export interface CaseOutcome {
  /** `refused`: could not be opened. `reported`: opened, and something said what is wrong. `unharmed`: nothing did. */
  readonly answer: 'refused' | 'reported' | 'unharmed'
  /** Commits at the end of the log that were taken for a torn tail. */
  readonly lostCount: number
}

/** What one case does and allows. */
export interface CaseRules {
  readonly golden: Golden
  /** Oldest commit that the database may be found at. */
  readonly leastSeq: number
  /** The damage must be found. */
  readonly mustReport: boolean
  readonly isReadOnly: boolean
  /** Read everything again after the write, even when nothing was found wrong. */
  readonly isThorough: boolean
}

/** What an open may be refused with: `LDB_IO` for something that is no file, `LDB_LOCKED` for a LOCK that is no record. */
const OPEN_CODES: readonly LdbErrorCode[] = ['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_IO', 'LDB_LOCKED']
const READ_CODES: readonly LdbErrorCode[] = ['LDB_CORRUPTION', 'LDB_IO', 'LDB_POISONED']
const WRITE_CODES: readonly LdbErrorCode[] = [...READ_CODES, 'LDB_COMMIT_UNKNOWN']
const EXTRA_KEY = 'after-the-damage'
const ARRAY_BYTES_MAX = 64 * 2 ** 20

/**
 * Opens a damaged database and does everything with it that a program may: scans both ways, gets, a verification, a
 * write, a close, and, when it was written to, all of the reading again.
 *
 * @throws Violation when data are wrong or missing and nothing says so, when something other than an `LdbError` is
 * thrown, or when one allocation is out of all proportion.
 */
export function runCorruptionCase(vfs: Vfs, rules: CaseRules): CaseOutcome {
  const before = getHeapStatistics().external_memory
  const { stackTraceLimit } = Error
  // Most cases throw, and where from is of no interest: it doubles their time.
  Error.stackTraceLimit = 1
  try {
    return new CorruptionCase(vfs, rules).run()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    const grown = getHeapStatistics().external_memory - before
    promised(grown < ARRAY_BYTES_MAX, () => `${grown} bytes were allocated`)
  }
}

class CorruptionCase {
  readonly #vfs: Vfs
  readonly #rules: CaseRules
  /** Operations that were refused with a typed error. */
  #refusals: string[] = []

  constructor(vfs: Vfs, rules: CaseRules) {
    this.#vfs = vfs
    this.#rules = rules
  }

  run(): CaseOutcome {
    const { golden, isReadOnly, isThorough, mustReport } = this.#rules
    const db = this.#open(isReadOnly)
    if (db === undefined) return { answer: 'refused', lostCount: 0 }
    try {
      const { seq } = db
      this.#checkSeq(seq)
      this.#observe(db, seq, false)
      const findings = this.#verify(db)
      promised(
        findings > 0 || this.#refusals.length === 0,
        () => `verify finds nothing, but ${this.#refusals.join('; ')}`,
      )
      promised(findings > 0 || !mustReport, () => 'verify finds nothing wrong')
      if (!isReadOnly) {
        this.#writeAndClose(db)
        if (findings > 0 || isThorough) this.#reopen(seq)
      }
      const answer = findings > 0 ? 'reported' : 'unharmed'
      return { answer, lostCount: golden.lastSeq - seq }
    } finally {
      this.#attempt('close', WRITE_CODES, () => {
        db.close()
      })
    }
  }

  #open(readOnly: boolean): Database | undefined {
    const options: DatabaseOptions = { vfs: this.#vfs, readOnly, createIfMissing: false, cacheBytes: 131_072 }
    return this.#attempt('open', OPEN_CODES, () => Database.open(GOLDEN_PATH, options))
  }

  #checkSeq(seq: number): void {
    const { leastSeq, golden } = this.#rules
    promised(
      seq >= leastSeq && seq <= golden.lastSeq,
      () => `found at commit ${seq}, of ${leastSeq} to ${golden.lastSeq}`,
    )
  }

  /** @param isWritten - the extra entry may be there, in front of all others of `default`. */
  #observe(db: Database, seq: number, isWritten: boolean): void {
    for (const space of this.#rules.golden.spaces) {
      const wanted = this.#rules.golden.entriesAt(seq, space)
      const entries = isWritten && space === 'default' ? withExtra(db, wanted) : wanted
      this.#attempt(`scan of ${space}`, READ_CODES, () => {
        checkScan(db, space, entries, false)
      })
      this.#attempt(`reverse scan of ${space}`, READ_CODES, () => {
        checkScan(db, space, entries, true)
      })
      this.#checkGets(db, space, entries)
    }
  }

  #checkGets(db: Database, space: string, entries: readonly GoldenEntry[]): void {
    const keyspace = goldenSpace(db, space)
    for (const [key, value] of entries) {
      this.#attempt('get', READ_CODES, () => {
        const found: unknown = keyspace.get(key as never)
        promised(isSame(found, value), () => `get in ${space} gives another value for ${shown(key)}`)
      })
    }
  }

  #verify(db: Database): number {
    const report = db.verify()
    for (const { file, offset, message } of report.findings) {
      promised(file.length > 0 && offset >= 0, () => `a finding has no place: ${message}`)
    }
    return report.findings.length
  }

  #writeAndClose(db: Database): void {
    this.#attempt('put', WRITE_CODES, () => {
      db.put(EXTRA_KEY, 'x')
      promised(db.get(EXTRA_KEY) === 'x', () => 'what was written is not there')
    })
    this.#attempt('close', WRITE_CODES, () => {
      db.close()
    })
  }

  /** What was found wrong must not have become right, nor anything else wrong. */
  #reopen(seq: number): void {
    const again = this.#open(true)
    if (again === undefined) return
    try {
      this.#observe(again, seq, true)
    } finally {
      again.close()
    }
  }

  /** Runs one operation; an error of one of these codes is an answer too. */
  #attempt<T>(name: string, codes: readonly LdbErrorCode[], operation: () => T): T | undefined {
    try {
      return operation()
    } catch (error) {
      if (error instanceof Violation) throw error
      if (!isLdbError(error) || !codes.includes(error.code)) {
        throw new Violation(`${name} throws ${String(error)}`, { cause: error })
      }
      const { file, offset } = error.details
      promised(
        error.code !== 'LDB_CORRUPTION' || (file !== undefined && offset !== undefined),
        () => `no place: ${error.message}`,
      )
      this.#refusals.push(`${name}: ${error.message}`)
      return undefined
    }
  }
}

function checkScan(db: Database, space: string, entries: readonly GoldenEntry[], reverse: boolean): void {
  let index = 0
  for (const [key, value] of goldenSpace(db, space).entries({ reverse })) {
    const wanted = entries[reverse ? entries.length - 1 - index : index]
    promised(wanted !== undefined, () => `a scan of ${space} gives more than there was: ${shown(key)}`)
    promised(isSame(key, wanted[0]), () => `a scan of ${space} gives ${shown(key)} for ${shown(wanted[0])}`)
    promised(isSame(value, wanted[1]), () => `a scan of ${space} gives another value for ${shown(key)}`)
    index++
  }
  promised(index === entries.length, () => `a scan of ${space} gives ${index} of ${entries.length} entries`)
}

/** What was written after the damage counts when it is there: its write may have failed. */
function withExtra(db: Database, entries: readonly GoldenEntry[]): readonly GoldenEntry[] {
  try {
    return db.get(EXTRA_KEY) === undefined ? entries : [[EXTRA_KEY, 'x'], ...entries]
  } catch {
    return entries
  }
}

function isSame(found: unknown, wanted: string | Uint8Array): boolean {
  if (typeof wanted === 'string') return found === wanted
  return found instanceof Uint8Array && Buffer.compare(found, wanted) === 0
}

function shown(key: unknown): string {
  const text = typeof key === 'string' ? key : String(key)
  return JSON.stringify(text.slice(0, 40))
}
