import { LOCK_UNKNOWN } from '../format.js'
import type { LockRecord } from './record.js'

/** What can be found out about a process of this machine. */
export interface ProcessProbe {
  /**
   * Returns when the process was started, as in {@link LockRecord.start}, `'-'` when it runs but does not tell, and
   * `undefined` when there is no such process, or a dead one that its parent has not yet collected.
   */
  startOf(pid: number): string | undefined
}

/** `unknown`: it may be alive, and nothing that can be seen from here says whether it is. */
export type HolderState = 'alive' | 'dead' | 'unknown'

/**
 * Judges whether the holder that a record names can still be alive; the rules are K4 to K8 of SPEC.md.
 *
 * @param own - the record of whoever asks, who has bound `own.socket` unless that is `'-'`.
 */
export function judgeHolder(holder: LockRecord, own: LockRecord, probe: ProcessProbe): HolderState {
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

/** Names a holder to people. */
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
