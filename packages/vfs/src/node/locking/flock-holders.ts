import { fs, process } from '#system'
import { BIGINT, LATIN1 } from '../call-options.js'
import { hasFlock } from './fdinfo.js'
import { identityOf } from '../identity.js'
import type { LockDirectory } from './lock-directory.js'

/** Greatest number of descriptors that are examined: a refusal must not take seconds on a machine with many processes. */
const DESCRIPTORS_MAX = 20_000

/**
 * Returns the ids of the processes that hold a flock on the directory, in ascending order. A shared lock leaves no record, so this is
 * what a message can name. Processes of other users and of other pid namespaces are not found.
 */
export function findFlockHolders(directory: LockDirectory): number[] {
  const holders: number[] = []
  let examinedCount = 0
  for (const pid of list('/proc').map(Number).filter(Number.isInteger)) {
    const descriptors = list(`/proc/${pid}/fd`)
    examinedCount += descriptors.length
    if (examinedCount > DESCRIPTORS_MAX) break
    if (descriptors.some((descriptor) => isHolder(directory, pid, descriptor))) holders.push(pid)
  }
  return holders.sort((a, b) => a - b)
}

function isHolder(directory: LockDirectory, pid: number, descriptor: string): boolean {
  if (pid === process.pid && directory.isOwnDescriptor(Number(descriptor))) return false
  try {
    // First, because it reaches no file system: the status of a file on a server that does not answer would wait.
    if (!hasFlock(fs.readFileSync(`/proc/${pid}/fdinfo/${descriptor}`, LATIN1))) return false
    return identityOf(fs.statSync(`/proc/${pid}/fd/${descriptor}`, BIGINT)) === directory.identity
  } catch {
    return false
  }
}

function list(path: string): string[] {
  try {
    return fs.readdirSync(path)
  } catch {
    return []
  }
}
