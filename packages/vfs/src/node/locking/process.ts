import { fs, hostname, process } from '#system'
import { LATIN1 } from '../call-options.js'
import { LOCK_UNKNOWN } from '../../format.js'
import type { ProcessProbe } from '../../lock/holder.js'
import type { LockRecord } from '../../lock/record.js'
import { errnoOf } from '../error.js'

type ProcessIdentity = Pick<LockRecord, 'pid' | 'start' | 'boot' | 'pidns' | 'netns'>

/** Identity of this process, read once: reading it from the kernel takes as long as all other reads of an open. */
let cachedIdentity: ProcessIdentity | undefined

/** Returns the fields of a lock record that identify this process. */
export function describeCurrentProcess(): ProcessIdentity & Pick<LockRecord, 'host'> {
  // A startup snapshot may contain the cached identity of another process.
  if (cachedIdentity?.pid !== process.pid) cachedIdentity = readProcessIdentity()
  return { ...cachedIdentity, host: hostname() }
}

function readProcessIdentity(): ProcessIdentity {
  // In a container /proc may belong to another pid namespace, where this pid names another process.
  const ownProc = readLink('/proc/self') === String(process.pid)
  return {
    pid: process.pid,
    start: ownProc ? (readProcessStart(process.pid)?.start ?? LOCK_UNKNOWN) : LOCK_UNKNOWN,
    boot: readText('/proc/sys/kernel/random/boot_id')?.trim() ?? LOCK_UNKNOWN,
    pidns: readLink('/proc/self/ns/pid') ?? LOCK_UNKNOWN,
    netns: readLink('/proc/self/ns/net') ?? LOCK_UNKNOWN,
  }
}

/** Looks up processes through signal 0 and `/proc`. */
export const nodeProcessProbe: ProcessProbe = {
  startOf(pid: number): string | undefined {
    if (!exists(pid)) return undefined
    if (readLink('/proc/self') !== String(process.pid)) return LOCK_UNKNOWN
    const found = readProcessStart(pid)
    if (found === undefined) return exists(pid) ? LOCK_UNKNOWN : undefined
    return found.isDead ? undefined : found.start
  },
}

/** Reports whether a process exists, also when /proc hides it. */
function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errnoOf(error) !== 'ESRCH'
  }
}

function readProcessStart(pid: number): { readonly start: string; readonly isDead: boolean } | undefined {
  const text = readText(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  // The process name, in parentheses, may contain spaces and parentheses. The state is field 3, the start time field 22.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  return { start: fields[19] ?? LOCK_UNKNOWN, isDead: state === 'Z' || state === 'X' }
}

function readText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, LATIN1)
  } catch {
    return undefined
  }
}

function readLink(path: string): string | undefined {
  try {
    return fs.readlinkSync(path)
  } catch {
    return undefined
  }
}
