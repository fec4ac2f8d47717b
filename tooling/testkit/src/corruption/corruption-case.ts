import { getHeapStatistics } from 'node:v8'
import { isLdbError } from '@ldb/base'
import type { LdbErrorCode } from '@ldb/base'
import { Database } from '@ldb/core'
import type { DatabaseOptions } from '@ldb/core'
import type { Vfs } from '@ldb/vfs'
import { assertGuarantee, Violation } from '../base/violation.js'
import { GOLDEN_OPTIONS, GOLDEN_PATH, goldenSpace } from './golden.js'
import type { Golden, GoldenEntry } from './golden.js'

/** How a damaged database behaved. All of these are allowed; other behavior is a {@link Violation}. */
export interface CaseOutcome {
  /** `refused`: the open failed. `reported`: it opened, and `verify` reported damage. `unharmed`: neither. */
  readonly answer: 'refused' | 'reported' | 'unharmed'
  /** Number of commits at the end of the log that were dropped as a torn tail. */
  readonly lostCount: number
}

/** Settings of a case, and its allowed outcomes. */
export interface CaseRules {
  readonly golden: Golden
  /** Oldest commit at which the database may open. */
  readonly leastSeq: number
  /** `verify` must report the damage. */
  readonly mustReport: boolean
  readonly isReadOnly: boolean
  /** Repeat all reads after the write even if no damage was found. */
  readonly isThorough: boolean
}

/** Codes with which an open may fail: `LDB_IO` for an object that is not a file, `LDB_LOCKED` for an invalid LOCK. */
const OPEN_CODES: readonly LdbErrorCode[] = ['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_IO', 'LDB_LOCKED']
/** A flag of a file header says whether the file is encrypted. */
const ENCRYPTED_OPEN_CODES: readonly LdbErrorCode[] = [...OPEN_CODES, 'LDB_KEY']
/** `LDB_FORMAT` for a table or a blob file that does not begin with the magic of its kind; a tree is known by its meta blocks. */
const READ_CODES: readonly LdbErrorCode[] = ['LDB_CORRUPTION', 'LDB_FORMAT', 'LDB_IO', 'LDB_POISONED']
const WRITE_CODES: readonly LdbErrorCode[] = [...READ_CODES, 'LDB_COMMIT_UNKNOWN']
const EXTRA_KEY = 'after-the-damage'
const ARRAY_BYTES_MAX = 64 * 2 ** 20

/**
 * Opens a damaged database and uses it: forward and reverse scans, gets, `verify`, a write, a close, and, after a write, all
 * reads again.
 *
 * @throws Violation when data are wrong or missing without a report, when an error other than an `LdbError` is thrown, or when
 * too much memory is allocated.
 */
export function runCorruptionCase(vfs: Vfs, rules: CaseRules): CaseOutcome {
  const before = getHeapStatistics().external_memory
  const { stackTraceLimit } = Error
  // Most cases throw, and capturing stack traces doubles their time.
  Error.stackTraceLimit = 1
  try {
    return new CorruptionCase(vfs, rules).run()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    const grown = getHeapStatistics().external_memory - before
    assertGuarantee(grown < ARRAY_BYTES_MAX, () => `${grown} bytes were allocated`)
  }
}

class CorruptionCase {
  readonly #vfs: Vfs
  readonly #rules: CaseRules
  /** Operations that failed with an allowed error. */
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
      assertGuarantee(
        findings > 0 || this.#refusals.length === 0,
        () => `verify finds nothing, although ${this.#refusals.join('; ')}`,
      )
      assertGuarantee(findings > 0 || !mustReport, () => 'verify finds nothing')
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
    const { kind } = this.#rules.golden
    const sizes = { readOnly, createIfMissing: false, cacheBytes: 131_072 }
    const options: DatabaseOptions = { ...GOLDEN_OPTIONS[kind], vfs: this.#vfs, ...sizes }
    const codes = kind === 'encrypted' ? ENCRYPTED_OPEN_CODES : OPEN_CODES
    return this.#attempt('open', codes, () => Database.open(GOLDEN_PATH, options))
  }

  #checkSeq(seq: number): void {
    const { leastSeq, golden } = this.#rules
    assertGuarantee(
      seq >= leastSeq && seq <= golden.lastSeq,
      () => `found at commit ${seq}, of ${leastSeq} to ${golden.lastSeq}`,
    )
  }

  /** @param isWritten - the entry written by the case may exist, before all other entries of `default`. */
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
        assertGuarantee(isSame(found, value), () => `get in ${space} returns another value for ${shown(key)}`)
      })
    }
  }

  #verify(db: Database): number {
    const report = db.verify()
    for (const { file, offset, message } of report.findings) {
      assertGuarantee(file.length > 0 && offset >= 0, () => `a finding has no file or offset: ${message}`)
    }
    return report.findings.length
  }

  #writeAndClose(db: Database): void {
    this.#attempt('put', WRITE_CODES, () => {
      db.put(EXTRA_KEY, 'x')
      assertGuarantee(db.get(EXTRA_KEY) === 'x', () => 'a written entry is missing')
    })
    this.#attempt('close', WRITE_CODES, () => {
      db.close()
    })
  }

  /** Checks that writing changed no other data and hid no damage. */
  #reopen(seq: number): void {
    const again = this.#open(true)
    if (again === undefined) return
    try {
      this.#observe(again, seq, true)
    } finally {
      again.close()
    }
  }

  /** Runs one operation. An error with one of the codes is an allowed outcome. */
  #attempt<T>(name: string, codes: readonly LdbErrorCode[], operation: () => T): T | undefined {
    try {
      return operation()
    } catch (error) {
      if (error instanceof Violation) throw error
      if (!isLdbError(error) || !codes.includes(error.code)) {
        throw new Violation(`${name} throws ${String(error)}`, { cause: error })
      }
      const { file, offset } = error.details
      assertGuarantee(
        error.code !== 'LDB_CORRUPTION' || (file !== undefined && offset !== undefined),
        () => `no file or offset: ${error.message}`,
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
    assertGuarantee(
      wanted !== undefined,
      () => `a scan of ${space} returns an additional entry: ${shown(key)}`,
    )
    assertGuarantee(
      isSame(key, wanted[0]),
      () => `a scan of ${space} returns ${shown(key)}, not ${shown(wanted[0])}`,
    )
    assertGuarantee(
      isSame(value, wanted[1]),
      () => `a scan of ${space} returns another value for ${shown(key)}`,
    )
    index++
  }
  assertGuarantee(
    index === entries.length,
    () => `a scan of ${space} returns ${index} of ${entries.length} entries`,
  )
}

/** Adds the entry written by the case if it exists: its write may have failed. */
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
