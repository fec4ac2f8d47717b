import { clearTimeout, setTimeout } from 'node:timers'
import { unavailable } from './error-kinds.js'
import { monotonicMs } from './monotonic-ms.js'

/** A point in time, in milliseconds of the monotonic clock, by which a call settles. */
export class Deadline {
  readonly #endMs: number

  constructor(timeoutMs: number) {
    this.#endMs = monotonicMs() + timeoutMs
  }

  get remainingMs(): number {
    return Math.max(0, this.#endMs - monotonicMs())
  }

  get isOver(): boolean {
    return this.remainingMs === 0
  }

  /** Settles like `promise`; at the end of the time it calls `onTimeout` and rejects with `'unavailable'`. */
  within<T>(promise: Promise<T>, onTimeout: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(unavailable('no answer within the time of the call'))
        onTimeout()
      }, this.remainingMs)
      promise.then(
        (value) => {
          clearTimeout(timer)
          resolve(value)
        },
        (error: unknown) => {
          clearTimeout(timer)
          reject(error instanceof Error ? error : new Error(String(error)))
        },
      )
    })
  }
}

/** Resolves after `ms`, or earlier when `signal` is aborted. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve()
      return
    }
    const finish = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = setTimeout(finish, ms)
    signal?.addEventListener('abort', finish)
  })
}
