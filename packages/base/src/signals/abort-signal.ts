import { invalidArgument, LdbError } from '../ldb-error.js'
import { optionalMember, ownOptions, ownPropertiesWithout, ownProperty } from '../own-options.js'

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

const KNOWN = ['signal'] as const

/** Returns the signal of options that may contain nothing else. @throws {@link LdbError} LDB_INVALID_ARGUMENT. @category Async */
export function signalOf(options: AsyncOptions | undefined): AbortSignalLike | undefined {
  if (options === undefined) return undefined
  return checkSignal(ownOptions(options, KNOWN).signal)
}

/**
 * Splits options that contain a signal and others.
 *
 * @returns the signal, and the options without it.
 * @throws {@link LdbError} LDB_INVALID_ARGUMENT.
 * @category Async
 */
export function splitSignal<O extends AsyncOptions>(
  options: O | undefined,
): { readonly signal: AbortSignalLike | undefined; readonly rest: Omit<O, 'signal'> | undefined } {
  if (options === undefined || options === null || typeof options !== 'object') {
    return { signal: undefined, rest: options }
  }
  const signal = ownProperty(options, 'signal')
  // An option of value `undefined` is absent, but still a name that the other options do not know.
  if (signal === undefined && !mayHaveSignal(options)) return { signal, rest: options }
  return { signal: checkSignal(signal), rest: ownPropertiesWithout(options, 'signal') }
}

function mayHaveSignal(options: object): boolean {
  try {
    return Object.hasOwn(options, 'signal')
  } catch {
    return true
  }
}

/** Throws when a signal is aborted. @throws {@link LdbError} LDB_ABORTED. @category Async */
export function throwIfAborted(signal: AbortSignalLike | undefined, what?: string): void {
  if (signal !== undefined && isAborted(signal)) throw abortedError(signal, what)
}

/** Reports whether a signal is aborted. @throws {@link LdbError} LDB_INVALID_ARGUMENT when its getter throws. @category Async */
export function isAborted(signal: AbortSignalLike): boolean {
  try {
    return signal.aborted
  } catch (cause) {
    throw new LdbError('LDB_INVALID_ARGUMENT', 'the signal cannot be read', { cause })
  }
}

/** Adds a listener for the abort of a signal, where the signal has listeners. @category Async */
export function addAbortListener(signal: AbortSignalLike | undefined, listener: () => void): void {
  if (signal !== undefined) optionalMember(signal, 'addEventListener')?.call(signal, 'abort', listener)
}

/** Removes a listener of `addAbortListener`. @category Async */
export function removeAbortListener(signal: AbortSignalLike | undefined, listener: () => void): void {
  if (signal !== undefined) optionalMember(signal, 'removeEventListener')?.call(signal, 'abort', listener)
}

/** Returns the error of an aborted operation. @category Async */
export function abortedError(signal: AbortSignalLike, what = 'operation'): LdbError {
  let reason: unknown
  try {
    reason = optionalMember(signal, 'reason')
  } catch (error) {
    reason = error
  }
  return new LdbError('LDB_ABORTED', `the ${what} was aborted`, reason === undefined ? {} : { cause: reason })
}

/** Checks a signal. @throws {@link LdbError} LDB_INVALID_ARGUMENT unless it is a signal or `undefined`. @category Async */
export function checkSignal(signal: unknown): AbortSignalLike | undefined {
  if (signal === undefined) return undefined
  if (typeof signal === 'object' && signal !== null) {
    const aborted = optionalMember(signal as Partial<AbortSignalLike>, 'aborted')
    if (aborted !== undefined) return signal as AbortSignalLike
  }
  throw invalidArgument('signal must be an AbortSignal')
}

/**
 * Waits for work or for an abort of the signal, whichever happens first. The work continues after an abort. The listener
 * on the signal is removed in either case.
 *
 * @throws {@link LdbError} LDB_ABORTED, and what the work rejects with.
 * @category Async
 */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignalLike | undefined): Promise<T> {
  if (signal === undefined || optionalMember(signal, 'addEventListener') === undefined) return work
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      removeAbortListener(signal, onAbort)
      reject(abortedError(signal))
    }
    work
      .finally(() => {
        removeAbortListener(signal, onAbort)
      })
      .then(resolve, reject)
    if (isAborted(signal)) reject(abortedError(signal))
    else addAbortListener(signal, onAbort)
  })
}
