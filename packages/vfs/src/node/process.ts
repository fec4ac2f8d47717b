import * as fs from 'node:fs'
import { hostname } from 'node:os'
import { LOCK_UNKNOWN } from '../format.js'
import type { ProcessProbe } from '../lock/holder.js'
import type { LockRecord } from '../lock/record.js'
import { errnoOf } from './error.js'

type ProcessFacts = Omit<LockRecord, 'host' | 'socket' | 'token'>

/** What does not change as long as this process runs: to ask the kernel for it takes as long as all other reading of an opening. */
let facts: ProcessFacts | undefined

/** Returns what a lock record says of the process that runs this. */
export function describeThisProcess(): Omit<LockRecord, 'socket' | 'token'> {
  // Facts that came with the memory of another process, out of a snapshot, are not ours.
  if (facts?.pid !== process.pid) facts = readFacts()
  return { ...facts, host: hostname() }
}

function readFacts(): ProcessFacts {
  // In a container /proc may be that of another pid namespace, where our pid is somebody else's.
  const ownProc = readLink('/proc/self') === String(process.pid)
  return {
    pid: process.pid,
    start: ownProc ? (readProcessStart(process.pid)?.start ?? LOCK_UNKNOWN) : LOCK_UNKNOWN,
    boot: readText('/proc/sys/kernel/random/boot_id')?.trim() ?? LOCK_UNKNOWN,
    pidns: readLink('/proc/self/ns/pid') ?? LOCK_UNKNOWN,
    netns: readLink('/proc/self/ns/net') ?? LOCK_UNKNOWN,
  }
}

export const nodeProcessProbe: ProcessProbe = {
  startOf(pid: number): string | undefined {
    if (!exists(pid)) return undefined
    if (readLink('/proc/self') !== String(process.pid)) return LOCK_UNKNOWN
    const found = readProcessStart(pid)
    if (found === undefined) return exists(pid) ? LOCK_UNKNOWN : undefined
    return found.isDead ? undefined : found.start
  },
}

/** Asks the kernel, which also knows of processes that /proc hides from us. */
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
  // The name in parentheses may hold spaces and parentheses. The state is field 3, the start time field 22.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  return { start: fields[19] ?? LOCK_UNKNOWN, isDead: state === 'Z' || state === 'X' }
}

function readText(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'latin1')
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
