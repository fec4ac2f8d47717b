import { encodeUtf8, isLdbError } from '@ldb/base'
import { Arena } from './arena.js'
import { ObjectTable } from './object-table.js'
import { ReadWindows } from './read-windows.js'
import type { WindowHost } from './read-windows.js'
import { SharedCommits } from './shared-commits.js'
import type { CommitHost, ErrorReport } from './shared-commits.js'
import { NO_MEMORY, STATUS } from './status.js'

/** A function of the library: numbers in, a number out, negative for an error. @category Interface */
export type LibraryFunction = (a: number, b: number, c: number, d: number, e: number) => number

/** Status of an error that is none of the library's: a defect of the engine. */
const UNKNOWN_ERROR = STATUS.LDB_INVARIANT
/** Characters of an error's text that the host receives. */
const ERROR_TEXT_MAX = 2000

/** What the functions of one library share. */
export class LibraryContext {
  readonly arena: Arena
  readonly objects: ObjectTable = new ObjectTable()
  readonly windows: ReadWindows
  readonly commits: SharedCommits
  #errorText = ''

  constructor(
    onArenaReplaced: (bytes: Uint8Array) => void,
    windowHost?: WindowHost,
    commitHost?: CommitHost,
  ) {
    this.arena = new Arena(onArenaReplaced)
    this.windows = new ReadWindows(windowHost)
    this.commits = new SharedCommits(commitHost, reportOf)
  }

  /** Wraps a function so that it throws nothing: returns the status of its error, whose text `storeErrorText` returns. */
  guard(run: LibraryFunction): LibraryFunction {
    return (a, b, c, d, e) => {
      try {
        return run(a, b, c, d, e)
      } catch (error) {
        return this.#statusOf(error)
      }
    }
  }

  /** Stores text, and returns its length in bytes. */
  storeText(text: string): number {
    return this.storeBytes(encodeUtf8(text.toWellFormed()))
  }

  /** Stores bytes at the start of the arena, and returns their number. */
  storeBytes(bytes: Uint8Array): number {
    this.arena.reserve(bytes.length)
    this.arena.bytes.set(bytes)
    return bytes.length
  }

  /** Stores the text of the newest error. */
  storeErrorText(): number {
    return this.storeText(this.#errorText)
  }

  #statusOf(error: unknown): number {
    const { status, text } = reportOf(error)
    this.#errorText = text
    return status
  }
}

/** Returns the status of an error, and its text. */
function reportOf(error: unknown): ErrorReport {
  if (isLdbError(error)) return { status: STATUS[error.code], text: error.message.slice(0, ERROR_TEXT_MAX) }
  const { message, stack = '' } = error instanceof Error ? error : new Error('the engine threw no error')
  return {
    status: message === 'out of memory' ? NO_MEMORY : UNKNOWN_ERROR,
    text: `${message}\n${stack}`.slice(0, ERROR_TEXT_MAX),
  }
}

/** Returns a report as JSON: bytes as hexadecimal, and what JSON has no number for as text. */
export function reportText(report: unknown): string {
  return JSON.stringify(report, (_, value: unknown) => {
    if (value instanceof Uint8Array) {
      return Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('')
    }
    if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value)))
      return String(value)
    return value
  })
}
