import type { LdbError } from '@ldb/base'
import { LOCK_UNKNOWN } from '../format.js'
import { classifyHolder, describeHolder } from '../lock/holder.js'
import type { HolderState } from '../lock/holder.js'
import type { LockRecord } from '../lock/record.js'
import { lockedError } from '../lock/table.js'
import type { LockMode } from '../vfs.js'
import type { NodeLockFiles } from './lock-file.js'
import { nodeProcessProbe } from './process.js'

/** Greatest number of attempts to acquire LOCK while other openers are faster. */
const ATTEMPTS_MAX = 100
/** Greatest length of a chain of dead holders. */
const CHAIN_RECORDS_MAX = 100

/** Makes `own` the record in LOCK, or throws LDB_LOCKED (K9, K10). */
export function acquireLockFile(directory: string, files: NodeLockFiles, own: LockRecord): void {
  for (let attempts = 0; attempts < ATTEMPTS_MAX; attempts++) {
    const holder = readHolder(directory, files, own)
    if (holder === undefined) {
      if (!files.publish(files.lockPath, own)) continue
    } else {
      assertDead(directory, holder, own)
      if (!takeOverLockFile(directory, files, holder, own)) continue
    }
    files.removeLeftovers()
    return
  }
  throw lockedError(directory, 'one of several concurrent openers')
}

/** Returns the holder that the lock files name: the last of the chain; `undefined` without LOCK. */
export function readHolder(directory: string, files: NodeLockFiles, own: LockRecord): LockRecord | undefined {
  return readHolderChain(directory, files, own).at(-1)
}

/** Determines the state of a holder with the processes that are visible from here. */
export function stateOf(holder: LockRecord, own: LockRecord): HolderState {
  return classifyHolder(holder, own, nodeProcessProbe)
}

/** Throws LDB_LOCKED unless the holder is dead. */
export function assertDead(directory: string, holder: LockRecord, own: LockRecord): void {
  const state = stateOf(holder, own)
  if (state === 'dead') return
  const name = describeHolder(holder, own)
  const mode = modeOf(holder)
  if (state === 'alive') throw lockedError(directory, name, { mode })
  throw lockedError(directory, name, {
    mode,
    advice: `This process cannot determine whether it is alive; if it has ended, remove ${directory}/LOCK`,
  })
}

/** Returns the mode in which the holder has opened the directory; `undefined` when its record does not say so. */
export function modeOf(holder: LockRecord): LockMode | undefined {
  return holder.mode === LOCK_UNKNOWN ? undefined : holder.mode
}

/**
 * Takes the lock over from a dead holder (K10). Only one opener can create the successor file of a token. It then reads the chain
 * again: its file may be the second of that name, created after the first was renamed to LOCK.
 *
 * @returns false when another opener was faster.
 */
function takeOverLockFile(
  directory: string,
  files: NodeLockFiles,
  holder: LockRecord,
  own: LockRecord,
): boolean {
  const path = files.successorPath(holder.token)
  if (!files.publish(path, own)) return false
  let isPromoted = false
  try {
    if (readHolder(directory, files, own)?.token === own.token) {
      files.promote(path)
      isPromoted = true
    }
    return isPromoted
  } finally {
    if (!isPromoted) files.removeIfPresent(path)
  }
}

/** Reads the chain of holders: LOCK, the successor file of its token, the successor file of that one's token, and so on. */
function readHolderChain(directory: string, files: NodeLockFiles, own: LockRecord): LockRecord[] {
  const records: LockRecord[] = []
  let path = files.lockPath
  for (;;) {
    const content = files.read(path)
    if (content === 'absent') return records
    if (content === 'invalid' || records.length === CHAIN_RECORDS_MAX)
      throw unreadableLockError(directory, path)
    records.push(content)
    if (content.token === own.token) return records
    path = files.successorPath(content.token)
  }
}

function unreadableLockError(directory: string, path: string): LdbError {
  return lockedError(directory, 'an unknown holder', {
    advice: `${path} is not a valid lock record, or not readable; remove it if no process uses the directory`,
  })
}
