import { LOCK_KERNEL_FLOCK, LOCK_UNKNOWN } from '../format.js'
import { isLocalFileSystem } from './local-file-system.js'
import type { LockRecord } from './record.js'

/** Looks up processes of this machine. */
export interface ProcessProbe {
  /**
   * Returns the start time of a process, as in {@link LockRecord.start}; `'-'` when it runs and its start time is not known;
   * `undefined` when it does not exist or is a zombie.
   */
  startOf(pid: number): string | undefined
}

/** Whether a lock holder is alive and holds this directory. `unknown`: it cannot be determined from this process. */
export type HolderState = 'alive' | 'dead' | 'unknown'

/**
 * Determines whether the holder named by a lock record can hold the lock of this directory, by the rules K4 to K8, K15 and K16 of
 * SPEC.md.
 *
 * @param own - record of the calling opener, which has bound `own.socket` unless that is `'-'`, and holds flock on the directory when
 * `own.kernel` says so.
 */
export function classifyHolder(holder: LockRecord, own: LockRecord, probe: ProcessProbe): HolderState {
  if (isCopy(holder, own) || isExcludedByFlock(holder, own, probe)) return 'dead'
  if (holder.boot !== own.boot) {
    if (!isKnown(holder.boot) || !isKnown(own.boot)) return 'unknown'
    return holder.host === own.host ? 'dead' : 'unknown'
  }
  if (!isKnown(own.boot) && holder.host !== own.host) return 'unknown'
  if (isSame(holder.netns, own.netns) && isSame(holder.socket, own.socket)) return 'dead'
  return holder.pidns === own.pidns ? stateOfProcess(holder, probe) : 'unknown'
}

/** Describes a holder for error messages. */
export function describeHolder(holder: LockRecord, own: LockRecord): string {
  const here = holder.host === own.host && holder.boot === own.boot && holder.pidns === own.pidns
  if (here && holder.pid === own.pid && holder.start === own.start) {
    return `another thread of this process (pid ${holder.pid})`
  }
  return `pid ${holder.pid} on host ${holder.host}`
}

/** (K16) Reports whether the record was copied, with its directory, from a directory that the holder has locked. */
function isCopy(holder: LockRecord, own: LockRecord): boolean {
  if (!isKnown(holder.directory) || !isKnown(own.directory)) return false
  const [holderDevice, holderInode] = holder.directory.split(':')
  const [device, inode] = own.directory.split(':')
  if (holderInode !== inode) return isSameKernel(holder, own) || areLocal(holder, own)
  // Equal inodes on two devices are a snapshot of a local file system. Elsewhere they can be one directory, mounted twice.
  return holderDevice !== device && isSameKernel(holder, own) && areLocal(holder, own)
}

/** (K15) Reports whether the holder would exclude the flock of this opener if it were alive. */
function isExcludedByFlock(holder: LockRecord, own: LockRecord, probe: ProcessProbe): boolean {
  if (holder.kernel !== LOCK_KERNEL_FLOCK || own.kernel !== LOCK_KERNEL_FLOCK) return false
  if (areLocal(holder, own)) return true
  if (!isSameKernel(holder, own)) return false
  // Two mounts of a network or stacked file system can have separate inodes, and so separate locks, for one directory. Their
  // devices differ then, and a process that is visible here is not taken for dead.
  const isVisible = holder.directory !== own.directory && holder.pidns === own.pidns
  return !isVisible || stateOfProcess(holder, probe) === 'dead'
}

function stateOfProcess(holder: LockRecord, probe: ProcessProbe): HolderState {
  const start = probe.startOf(holder.pid)
  if (start === undefined) return 'dead'
  return isKnown(start) && isKnown(holder.start) && start !== holder.start ? 'dead' : 'alive'
}

function isSameKernel(holder: LockRecord, own: LockRecord): boolean {
  return holder.boot === own.boot && (isKnown(own.boot) || holder.host === own.host)
}

function areLocal(holder: LockRecord, own: LockRecord): boolean {
  return isLocalFileSystem(holder.filesystem) && isLocalFileSystem(own.filesystem)
}

function isKnown(value: string): boolean {
  return value !== LOCK_UNKNOWN
}

function isSame(value: string, other: string): boolean {
  return isKnown(value) && value === other
}
