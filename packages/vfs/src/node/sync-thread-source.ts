/** Word of the bell that requests increment, and on which the thread waits. */
export const BELL = 0
/** Word of the bell that is 1 while the thread serves requests. */
export const IS_SERVING = 1

/** Words of a file's shared memory. */
export const STATE = 0
export const ERRNO = 1
export const SYNC_COUNT = 2
/** Written and read without synchronization, before and after the state: a late value is too small, which is safe. */
export const WRITTEN_END = 3
export const SYNCED_END = 4
/** 64-bit floats of it: `process.hrtime()` in milliseconds, which all threads of a process share. */
export const NOTICE_MS = 3
export const DEADLINE_MS = 4
export const SHARED_BYTES = 40

/** Values of {@link STATE}. From `Waiting` on, a sync that is still to begin covers all written bytes, and needs nothing of its owner. */
export const SyncState = {
  /** Every written byte is synced, or its sync has begun. */
  Idle: 0,
  /** The last sync did not find the file at its path. */
  Missed: 1,
  /** A sync has failed. */
  Failed: 2,
  Closed: 3,
  /** The notice time has come: a sync begins at the deadline, or earlier at the request of the owner. */
  Noticed: 4,
  /** A sync begins at the deadline, and the notice time has not come. */
  Waiting: 5,
  /** A sync begins at once. */
  Due: 6,
} as const

/**
 * Program of the sync thread. It is a string because a separate file would have to be found by every bundler.
 *
 * A request is taken before its sync begins, never after: bytes written while a sync runs find the state `Idle`, and need a request of
 * their own. The file is opened by its path for each sync, and compared by device and inode: a descriptor of another thread may be
 * closed, and its number reused, at any time.
 */
export const SYNC_THREAD_SOURCE: string = `'use strict'
const { parentPort, receiveMessageOnPort, workerData } = require('node:worker_threads')
const fs = require('node:fs')
const { bell, openFlags } = workerData
const files = new Set()

function nowMs() {
  const [seconds, nanoseconds] = process.hrtime()
  return seconds * 1e3 + nanoseconds / 1e6
}

function end(file, state) {
  for (;;) {
    const found = Atomics.load(file.words, ${STATE})
    if (found === ${SyncState.Closed}) return
    if (Atomics.compareExchange(file.words, ${STATE}, found, state) === found) return
  }
}

function sync(file) {
  const covered = file.words[${WRITTEN_END}]
  let descriptor
  try {
    descriptor = fs.openSync(file.path, openFlags)
  } catch {
    return end(file, ${SyncState.Missed})
  }
  try {
    const { dev, ino } = fs.fstatSync(descriptor, { bigint: true })
    if (dev + ':' + ino !== file.identity) return end(file, ${SyncState.Missed})
    fs.fdatasyncSync(descriptor)
    Atomics.store(file.words, ${SYNCED_END}, covered)
    Atomics.add(file.words, ${SYNC_COUNT}, 1)
  } catch (error) {
    Atomics.store(file.words, ${ERRNO}, error.errno || -5)
    end(file, ${SyncState.Failed})
  } finally {
    fs.closeSync(descriptor)
  }
}

/* Syncs a file when its time has come, and returns the time of its next event. */
function serve(file) {
  const { words, floats } = file
  for (;;) {
    const state = Atomics.load(words, ${STATE})
    if (state === ${SyncState.Waiting}) {
      if (nowMs() < floats[${NOTICE_MS}]) return floats[${NOTICE_MS}]
      Atomics.compareExchange(words, ${STATE}, state, ${SyncState.Noticed})
      continue
    }
    if (state === ${SyncState.Noticed}) {
      if (nowMs() < floats[${DEADLINE_MS}]) return floats[${DEADLINE_MS}]
    } else if (state !== ${SyncState.Due}) {
      if (state === ${SyncState.Closed}) files.delete(file)
      return Infinity
    }
    if (Atomics.compareExchange(words, ${STATE}, state, ${SyncState.Idle}) === state) sync(file)
  }
}

function add({ shared, path, identity }) {
  files.add({ path, identity, words: new Int32Array(shared), floats: new Float64Array(shared) })
}

Atomics.store(bell, ${IS_SERVING}, 1)
try {
  for (;;) {
    const rung = Atomics.load(bell, ${BELL})
    for (let next; (next = receiveMessageOnPort(parentPort)) !== undefined; ) add(next.message)
    let wakeMs = Infinity
    for (const file of files) wakeMs = Math.min(wakeMs, serve(file))
    const waitMs = wakeMs - nowMs()
    if (waitMs > 0) Atomics.wait(bell, ${BELL}, rung, waitMs)
  }
} finally {
  Atomics.store(bell, ${IS_SERVING}, 0)
  for (const file of files) end(file, ${SyncState.Missed})
}
`
