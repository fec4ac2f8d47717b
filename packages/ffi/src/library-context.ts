import { encodeUtf8, isLdbError } from '@ldb/base'
import { Arena } from './arena.js'
import { ObjectTable } from './object-table.js'
import { ReadWindows } from './read-windows.js'
import type { WindowHost } from './read-windows.js'
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
  #errorText = ''

  constructor(onArenaReplaced: (bytes: Uint8Array) => void, windowHost?: WindowHost) {
    this.arena = new Arena(onArenaReplaced)
    this.windows = new ReadWindows(windowHost)
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
    if (isLdbError(error)) {
      this.#errorText = error.message.slice(0, ERROR_TEXT_MAX)
      return STATUS[error.code]
    }
    const { message, stack = '' } = error instanceof Error ? error : new Error('the engine threw no error')
    this.#errorText = `${message}\n${stack}`.slice(0, ERROR_TEXT_MAX)
    return message === 'out of memory' ? NO_MEMORY : UNKNOWN_ERROR
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
