/** The syncs of a store over a number of commits, counted by strace. */
export interface SyncCount {
  readonly store: string
  readonly row: string
  readonly commits: number
  readonly fdatasync: number
  readonly fsync: number
  readonly msync: number
  /** Writes to files that were opened with O_SYNC or O_DSYNC. */
  readonly syncedWrites: number
}

/** The system calls that sync or write, and those that map descriptors to files. */
export const TRACED_CALLS = 'openat,close,fsync,fdatasync,msync,sync_file_range,write,pwrite64,pwritev'

const WRITING = new Set(['write', 'pwrite64', 'pwritev'])

/** Counts of one trace. */
export type TraceCounts = Pick<SyncCount, 'fdatasync' | 'fsync' | 'msync' | 'syncedWrites'>

/**
 * Counts syncs in the output of `strace -f`. An interrupted call appears as unfinished and resumed; only the first line
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

/** Returns the counts between two moments of a trace. */
export function difference(after: TraceCounts, before: TraceCounts): TraceCounts {
  return {
    fdatasync: after.fdatasync - before.fdatasync,
    fsync: after.fsync - before.fsync,
    msync: after.msync - before.msync,
    syncedWrites: after.syncedWrites - before.syncedWrites,
  }
}
