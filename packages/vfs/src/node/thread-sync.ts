import * as fs from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { LdbError } from '@ldb/base'
import type { DeadlineSync } from '../environment/deadline-sync.js'
import { errnoName, nodeError } from './error.js'
import {
  BELL,
  DEADLINE_MS,
  ERRNO,
  IS_SERVING,
  NOTICE_MS,
  SHARED_BYTES,
  STATE,
  SYNC_COUNT,
  SYNC_THREAD_SOURCE,
  SYNCED_END,
  SyncState,
  WRITTEN_END,
} from './sync-thread-source.js'

const OPEN_FLAGS = fs.constants.O_RDWR | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)
/** Test tools replace `process.hrtime` by a clock that stands still. */
const hrtime = process.hrtime

/** The thread that syncs files for this thread, created for the first of them. */
let syncThread: SyncThread | 'unavailable' | undefined

/** Returns the deadline sync of a file; `undefined` where no thread can be created. @param identity - `'device:inode'` of the file. */
export function createThreadSync(path: string, identity: string): DeadlineSync | undefined {
  syncThread ??= startThread()
  return syncThread === 'unavailable' ? undefined : new ThreadSync(syncThread, path, identity)
}

/** Starts the thread. Fails where the system has no more threads, and under a permission model without worker threads. */
function startThread(): SyncThread | 'unavailable' {
  try {
    return new SyncThread()
  } catch {
    return 'unavailable'
  }
}

/**
 * A worker thread that syncs files at deadlines. It waits in shared memory, so that it is reached by a thread that never yields to the
 * event loop. It does not keep the process alive.
 */
class SyncThread {
  readonly #bell: Int32Array = new Int32Array(new SharedArrayBuffer(8))
  readonly #worker: Worker

  constructor() {
    this.#worker = new Worker(SYNC_THREAD_SOURCE, {
      eval: true,
      workerData: { bell: this.#bell, openFlags: OPEN_FLAGS },
      // No stream is connected to this thread's, and no option, loader or hook of the program applies.
      stdout: true,
      stderr: true,
      env: {},
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 16, stackSizeMb: 1 },
    })
    // A thread that has ended serves no request: then its files are synced by their owners.
    this.#worker.on('error', () => undefined)
    this.#worker.on('exit', () => {
      Atomics.store(this.#bell, IS_SERVING, 0)
    })
    this.#worker.unref()
  }

  get isServing(): boolean {
    return Atomics.load(this.#bell, IS_SERVING) === 1
  }

  /** Announces a file: requests in its shared memory are served after the next `ring`. */
  add(shared: SharedArrayBuffer, path: string, identity: string): void {
    this.#worker.postMessage({ shared, path, identity })
  }

  /** Makes the thread read the state of all files. */
  ring(): void {
    Atomics.add(this.#bell, BELL, 1)
    Atomics.notify(this.#bell, BELL)
  }
}

/** A file of a {@link SyncThread}. Both threads change the state by compare-and-exchange only, except that `Closed` is final. */
class ThreadSync implements DeadlineSync {
  readonly #thread: SyncThread
  readonly #path: string
  readonly #words: Int32Array
  readonly #floats: Float64Array
  #isMissed = false

  constructor(thread: SyncThread, path: string, identity: string) {
    const shared = new SharedArrayBuffer(SHARED_BYTES)
    this.#thread = thread
    this.#path = path
    this.#words = new Int32Array(shared)
    this.#floats = new Float64Array(shared)
    thread.add(shared, path, identity)
  }

  get isWaiting(): boolean {
    return Atomics.load(this.#words, STATE) >= SyncState.Waiting
  }

  get isServed(): boolean {
    return this.#thread.isServing && !this.#isMissed && Atomics.load(this.#words, STATE) !== SyncState.Missed
  }

  get syncedEnd(): number {
    return Atomics.load(this.#words, SYNCED_END) >>> 0
  }

  get failure(): LdbError | undefined {
    const errno = Atomics.load(this.#words, ERRNO)
    if (errno === 0) return undefined
    const code = errnoName(errno) ?? 'EIO'
    const cause = Object.assign(new Error(`${code}: fdatasync failed`), { code, errno, syscall: 'fdatasync' })
    return nodeError(cause, { operation: 'sync', file: this.#path })
  }

  noteWritten(end: number): void {
    this.#words[WRITTEN_END] = end
  }

  request(noticeMs: number, delayMs: number): void {
    this.#isMissed = Atomics.load(this.#words, STATE) === SyncState.Missed
    if (this.#enterState(noticeMs, delayMs)) this.#thread.ring()
  }

  /** Enters the state that the request needs. Returns false when it was in that state already. */
  #enterState(noticeMs: number, delayMs: number): boolean {
    const words = this.#words
    for (;;) {
      const found = Atomics.load(words, STATE)
      let wanted: number = SyncState.Due
      if (found === SyncState.Idle || found === SyncState.Missed) {
        if (delayMs > 0) {
          const now = monotonicMs()
          this.#floats[NOTICE_MS] = now + noticeMs
          this.#floats[DEADLINE_MS] = now + delayMs
          wanted = SyncState.Waiting
        }
      } else if (found !== SyncState.Noticed && (found !== SyncState.Waiting || delayMs > 0)) {
        return false
      }
      if (Atomics.compareExchange(words, STATE, found, wanted) === found) return true
    }
  }

  takeSyncCount(): number {
    return Atomics.exchange(this.#words, SYNC_COUNT, 0)
  }

  cancel(): void {
    for (const state of [SyncState.Waiting, SyncState.Noticed, SyncState.Due]) {
      Atomics.compareExchange(this.#words, STATE, state, SyncState.Idle)
    }
  }

  close(): void {
    if (Atomics.exchange(this.#words, STATE, SyncState.Closed) !== SyncState.Closed) this.#thread.ring()
  }
}

function monotonicMs(): number {
  const [seconds, nanoseconds] = hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}
