import { LOCK_UNKNOWN } from '../format.js'
import type { LockRecord } from './record.js'

/** Looks up processes of this machine. */
export interface ProcessProbe {
  /**
   * Returns the start time of a process, as in {@link LockRecord.start}; `'-'` when it runs and its start time is not known;
   * `undefined` when it does not exist or is a zombie.
   */
  startOf(pid: number): string | undefined
}

/** Whether a lock holder is alive. `unknown`: it cannot be determined from this process. */
export type HolderState = 'alive' | 'dead' | 'unknown'

/**
 * Determines whether the holder named by a lock record can be alive, by the rules K4 to K8 of SPEC.md.
 *
 * @param own - record of the calling opener, which has bound `own.socket` unless that is `'-'`.
 */
export function classifyHolder(holder: LockRecord, own: LockRecord, probe: ProcessProbe): HolderState {
  if (holder.boot !== own.boot) {
    if (!isKnown(holder.boot) || !isKnown(own.boot)) return 'unknown'
    return holder.host === own.host ? 'dead' : 'unknown'
  }
  if (!isKnown(own.boot) && holder.host !== own.host) return 'unknown'
  if (isSame(holder.netns, own.netns) && isSame(holder.socket, own.socket)) return 'dead'
  if (holder.pidns !== own.pidns) return 'unknown'
  const start = probe.startOf(holder.pid)
  if (start === undefined) return 'dead'
  return isKnown(start) && isKnown(holder.start) && start !== holder.start ? 'dead' : 'alive'
}

/** Describes a holder for error messages. */
export function describeHolder(holder: LockRecord, own: LockRecord): string {
  const here = holder.host === own.host && holder.boot === own.boot && holder.pidns === own.pidns
  if (here && holder.pid === own.pid && holder.start === own.start) {
    return `another thread of this process (pid ${holder.pid})`
  }
  return `pid ${holder.pid} on host ${holder.host}`
}

function isKnown(value: string): boolean {
  return value !== LOCK_UNKNOWN
}

function isSame(value: string, other: string): boolean {
  return isKnown(value) && value === other
}
