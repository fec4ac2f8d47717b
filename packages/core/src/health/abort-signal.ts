import { invalidArgument, LdbError } from '@ldb/base'
import { ownOptions } from './options.js'

/** The part of `AbortSignal` that LDB uses. @category Async */
export interface AbortSignalLike {
  readonly aborted: boolean
  /** Reason of the abort: the `cause` of the error. */
  readonly reason?: unknown
  addEventListener?(type: 'abort', listener: () => void): void
  removeEventListener?(type: 'abort', listener: () => void): void
}

/** Options of an asynchronous operation. @category Async */
export interface AsyncOptions {
  /** Aborts the operation with `LDB_ABORTED`. A commit that is logged already takes effect nevertheless. */
  readonly signal?: AbortSignalLike | undefined
}

const KNOWN = ['signal']
const NOTHING: ReadonlyMap<string, string> = new Map()

/** Returns the signal of options that may contain nothing else. */
export function signalOf(options: AsyncOptions | undefined): AbortSignalLike | undefined {
  if (options === undefined) return undefined
  return checkSignal(ownOptions(options, KNOWN, NOTHING).get('signal'))
}

/**
 * Splits options that contain a signal and others.
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

/** Returns the error of an aborted operation. */
export function abortedError(signal: AbortSignalLike, what = 'operation'): LdbError {
  const { reason } = signal
  return new LdbError('LDB_ABORTED', `the ${what} was aborted`, reason === undefined ? {} : { cause: reason })
}

/** @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a signal or `undefined`. */
export function checkSignal(signal: unknown): AbortSignalLike | undefined {
  if (signal === undefined) return undefined
  if (typeof signal === 'object' && signal !== null && 'aborted' in signal) return signal as AbortSignalLike
  throw invalidArgument('signal must be an AbortSignal')
}

/**
 * Waits for work or for an abort of the signal, whichever happens first. The work continues after an abort. The listener
 * on the signal is removed in either case.
 *
 * @throws {@link LdbError} LDB_ABORTED, and what the work rejects with.
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignalLike | undefined): Promise<T> {
  if (signal?.addEventListener === undefined) return work
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      signal.removeEventListener?.('abort', onAbort)
      reject(abortedError(signal))
    }
    work
      .finally(() => {
        signal.removeEventListener?.('abort', onAbort)
      })
      .then(resolve, reject)
    if (signal.aborted) reject(abortedError(signal))
    else signal.addEventListener?.('abort', onAbort)
  })
}
