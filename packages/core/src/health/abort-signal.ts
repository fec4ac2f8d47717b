import { invalidArgument, LdbError } from '@ldb/base'
import { ownOptions } from './options.js'

/** What is needed of an `AbortSignal`. @category Async */
export interface AbortSignalLike {
  readonly aborted: boolean
  /** Why; the `cause` of the error. */
  readonly reason?: unknown
  addEventListener?(type: 'abort', listener: () => void): void
  removeEventListener?(type: 'abort', listener: () => void): void
}

/** How to run an operation that may take long. @category Async */
export interface AsyncOptions {
  /** Ends it with `LDB_ABORTED` once it is aborted. What was logged already is committed even so. */
  readonly signal?: AbortSignalLike | undefined
}

const KNOWN = ['signal']
const NOTHING: ReadonlyMap<string, string> = new Map()

/** Returns the signal of options that have nothing else. */
export function signalOf(options: AsyncOptions | undefined): AbortSignalLike | undefined {
  if (options === undefined) return undefined
  return checkSignal(ownOptions(options, KNOWN, NOTHING).get('signal'))
}

/**
 * Takes the signal out of options that have others too.
 *
 * @returns the signal, and the options without it.
 */
export function splitSignal<O extends AsyncOptions>(
  options: O | undefined,
): { readonly signal: AbortSignalLike | undefined; readonly rest: Omit<O, 'signal'> | undefined } {
  if (
    options === undefined ||
    options === null ||
    typeof options !== 'object' ||
    !Object.hasOwn(options, 'signal')
  ) {
    return { signal: undefined, rest: options }
  }
  const { signal, ...rest } = options
  return { signal: checkSignal(signal), rest }
}

/** @throws {@link LdbError} LDB_ABORTED. */
export function throwIfAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted === true) throw abortedError(signal)
}

/** Makes the error of an operation that was aborted. */
export function abortedError(signal: AbortSignalLike, what = 'operation'): LdbError {
  const { reason } = signal
  return new LdbError('LDB_ABORTED', `the ${what} was aborted`, reason === undefined ? {} : { cause: reason })
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a signal, or nothing. */
export function checkSignal(signal: unknown): AbortSignalLike | undefined {
  if (signal === undefined) return undefined
  if (typeof signal === 'object' && signal !== null && 'aborted' in signal) return signal as AbortSignalLike
  throw invalidArgument('signal must be an AbortSignal')
}
