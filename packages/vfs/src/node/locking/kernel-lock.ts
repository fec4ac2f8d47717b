import type { LdbError } from '@ldb/base'
import { bindLockSocket } from '#lock-calls'
import { monotonicMs } from '#system'
import { LOCK_KERNEL_FLOCK, LOCK_UNKNOWN } from '../../format.js'
import { describeHolder } from '../../lock/holder.js'
import type { HolderState } from '../../lock/holder.js'
import type { LockRecord } from '../../lock/record.js'
import { lockedError } from '../../lock/table.js'
import type { LockMode } from '../../vfs.js'
import { findFlockHolders } from './flock-holders.js'
import { modeOf, stateOf } from './lock-claim.js'
import type { LockDirectory } from './lock-directory.js'
import type { NodeLockFiles } from './lock-file.js'
import type { LockSocket } from './lock-socket.js'

/** Time for which a kernel lock that is taken without a live holder is tried again, and the interval of attempts (K14). */
const ORPHAN_WAIT_MS = 2000
const ORPHAN_POLL_MS = 1
/**
 * The same for a flock whose holders may be readers: they leave no record, so a refusal takes this time twice, once before and once
 * after it is known that they are readers. Finding that out takes a shared flock, which itself disturbs other openers.
 */
const READERS_WAIT_MS = 50

/**
 * Acquires flock on the directory (K3).
 *
 * @param own - record of this opener, before it holds anything.
 * @returns the value for the field `kernel` of its record.
 * @throws {@link LdbError} LDB_LOCKED when another opener holds the lock.
 */
export function acquireFlock(
  directory: LockDirectory,
  files: NodeLockFiles,
  mode: LockMode,
  own: LockRecord,
): LockRecord['kernel'] {
  const startedAtMs = monotonicMs()
  let untilMs = startedAtMs + ORPHAN_WAIT_MS
  let holderMode: LockMode | undefined = mode === 'shared' ? 'exclusive' : undefined
  let view = own
  for (;;) {
    const result = directory.tryFlock(mode)
    if (result !== 'taken') return result === 'held' ? LOCK_KERNEL_FLOCK : LOCK_UNKNOWN
    let state = recordedState(files, view)
    if (holderMode === undefined) {
      const isDue = state === 'unknown' || monotonicMs() - startedAtMs >= READERS_WAIT_MS
      if (isDue && state !== 'alive') {
        holderMode = directory.canShare() ? 'shared' : 'exclusive'
        if (holderMode === 'shared') {
          // No exclusive flock exists beside a shared one, so a record of an exclusive holder is of a dead one (K15).
          view = { ...own, kernel: LOCK_KERNEL_FLOCK }
          untilMs = monotonicMs() + READERS_WAIT_MS
          state = recordedState(files, view)
        }
      }
    }
    if (state === 'alive' || state === 'unknown' || monotonicMs() >= untilMs)
      throw takenError(directory, files, view, holderMode)
    sleep(ORPHAN_POLL_MS)
  }
}

/**
 * Binds the abstract socket of the directory (K3).
 *
 * @param own - record of this opener, which may hold flock.
 * @returns `undefined` where there are no such sockets.
 * @throws {@link LdbError} LDB_LOCKED when another opener has bound it.
 */
export function acquireSocket(
  directory: LockDirectory,
  files: NodeLockFiles,
  own: LockRecord,
): LockSocket | undefined {
  const startedAtMs = monotonicMs()
  for (;;) {
    const socket = bindLockSocket(directory.identity, own.token)
    if (socket !== 'taken') return socket === 'unavailable' ? undefined : socket
    const isOrphaned = recordedState(files, own) === 'dead'
    if (!isOrphaned || monotonicMs() - startedAtMs >= ORPHAN_WAIT_MS)
      throw takenError(directory, files, own, undefined)
    sleep(ORPHAN_POLL_MS)
  }
}

/** Determines the state of the holder that LOCK names, without its chain. Without LOCK it is `dead`. */
function recordedState(files: NodeLockFiles, own: LockRecord): HolderState {
  const content = files.read(files.lockPath)
  if (content === 'invalid') return 'unknown'
  return content === 'absent' ? 'dead' : stateOf(content, own)
}

/** @param mode - mode of the holder, when it is known without its record. */
function takenError(
  directory: LockDirectory,
  files: NodeLockFiles,
  own: LockRecord,
  mode: LockMode | undefined,
): LdbError {
  const content = files.read(files.lockPath)
  if (typeof content === 'object' && stateOf(content, own) !== 'dead')
    return lockedError(directory.path, describeHolder(content, own), { mode: modeOf(content) })
  return lockedError(directory.path, describeUnrecorded(directory, own), { mode })
}

/** Describes the holders of a flock that no record names. */
function describeUnrecorded(directory: LockDirectory, own: LockRecord): string {
  const pids = findFlockHolders(directory)
  if (pids.includes(own.pid)) return `another thread of this process (pid ${own.pid})`
  if (pids.length === 0) return `another process on host ${own.host}`
  return `pid ${pids.join(', ')} on host ${own.host}`
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
