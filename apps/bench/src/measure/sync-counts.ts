/** How often a store synced for a number of commits, as the kernel saw it. */
export interface SyncCount {
  readonly store: string
  readonly row: string
  readonly commits: number
  readonly fdatasync: number
  readonly fsync: number
  readonly msync: number
  /** Writes to files that were opened so that each write is a sync. */
  readonly syncedWrites: number
}

/** The system calls that can make something durable, and the ones that tell which file is which. */
export const TRACED_CALLS = 'openat,close,fsync,fdatasync,msync,sync_file_range,write,pwrite64,pwritev'

const WRITING = new Set(['write', 'pwrite64', 'pwritev'])

/** Counts of one trace. */
export type TraceCounts = Pick<SyncCount, 'fdatasync' | 'fsync' | 'msync' | 'syncedWrites'>

/**
 * Counts syncs in the output of `strace -f`. A call that was interrupted shows as unfinished and resumed: its first half
 * is counted.
 */
export function countSyncs(trace: string): TraceCounts {
  const counts = { fdatasync: 0, fsync: 0, msync: 0, syncedWrites: 0 }
  const synced = new Set<string>()
  for (const line of trace.split('\n')) {
    const call = /^(?:\d+ +)?(\w+)\((.*)$/.exec(line)
    if (call === null) continue
    const [, name = '', rest = ''] = call
    if (name === 'openat') recordOpen(rest, synced)
    const descriptor = /^\d+/.exec(rest)?.[0] ?? ''
    if (name === 'close') synced.delete(descriptor)
    if (name === 'fdatasync' || name === 'fsync' || name === 'msync') counts[name]++
    if (WRITING.has(name) && synced.has(descriptor)) counts.syncedWrites++
  }
  return counts
}

function recordOpen(rest: string, synced: Set<string>): void {
  const descriptor = /= (\d+)\s*$/.exec(rest)?.[1]
  if (descriptor === undefined) return
  if (/\bO_D?SYNC\b/.test(rest)) synced.add(descriptor)
  else synced.delete(descriptor)
}

/** Returns what happened between two moments of a trace. */
export function difference(after: TraceCounts, before: TraceCounts): TraceCounts {
  return {
    fdatasync: after.fdatasync - before.fdatasync,
    fsync: after.fsync - before.fsync,
    msync: after.msync - before.msync,
    syncedWrites: after.syncedWrites - before.syncedWrites,
  }
}
