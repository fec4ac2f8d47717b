import * as fs from 'node:fs'
import type { LdbError } from '@ldb/base'
import type { RandomSource } from '../environment/environment.js'
import { LOCK_TOKEN_DIGITS, LOCK_UNKNOWN } from '../format.js'
import { describeHolder, classifyHolder } from '../lock/holder.js'
import type { LockRecord } from '../lock/record.js'
import { lockedError, lockLostError } from '../lock/table.js'
import { attempt } from './error.js'
import { hasToken, NodeLockFiles } from './lock-file.js'
import { bindLockSocket } from './lock-socket.js'
import type { LockSocket } from './lock-socket.js'
import { describeCurrentProcess, nodeProcessProbe } from './process.js'
import type { VfsLock } from '../vfs.js'

/** Greatest number of attempts to acquire LOCK while other openers are faster. */
const ATTEMPTS_MAX = 100
/** Greatest length of a chain of dead holders. */
const CHAIN_RECORDS_MAX = 100
/** Time to wait for a socket name that is bound although no live holder exists, and the interval of retries (K14). */
const ORPHAN_WAIT_MS = 2000
const ORPHAN_POLL_MS = 1

/**
 * Acquires the lock of a directory (K1): first in the table of this thread, then the abstract socket where the kernel has such
 * sockets, and last the file LOCK, which also excludes openers in other network namespaces and on other hosts.
 *
 * @throws {@link LdbError} LDB_LOCKED when another opener holds the lock, LDB_NOT_FOUND, LDB_READ_ONLY, LDB_NO_SPACE, LDB_IO.
 */
export function acquireNodeLock(directory: string, random: RandomSource): VfsLock {
  const status = attempt('lock', directory, () => fs.statSync(directory, { bigint: true }))
  const identity = `${status.dev}:${status.ino}`
  const held = heldLocks()
  if (held.has(identity)) throw lockedError(directory, 'this process')
  const files = new NodeLockFiles(directory)
  const token = newToken(random)
  let socket = bindLockSocket(identity, token)
  for (let waitedMs = 0; socket === 'taken' && waitedMs < ORPHAN_WAIT_MS; waitedMs += ORPHAN_POLL_MS) {
    if (!isOrphaned(files)) break
    sleep(ORPHAN_POLL_MS)
    socket = bindLockSocket(identity, token)
  }
  const name = typeof socket === 'object' ? socket.name : LOCK_UNKNOWN
  const own: LockRecord = { ...describeCurrentProcess(), socket: name, token }
  if (socket === 'taken') throw socketTakenError(directory, files, own)
  try {
    acquireLockFile(directory, files, own)
  } catch (error) {
    if (typeof socket === 'object') socket.close()
    throw error
  }
  held.set(identity, token)
  return new NodeLock(directory, identity, token, files, typeof socket === 'object' ? socket : undefined)
}

class NodeLock implements VfsLock {
  readonly #directory: string
  readonly #identity: string
  readonly #token: string
  readonly #files: NodeLockFiles
  readonly #socket: LockSocket | undefined
  #released = false

  constructor(
    directory: string,
    identity: string,
    token: string,
    files: NodeLockFiles,
    socket: LockSocket | undefined,
  ) {
    this.#directory = directory
    this.#identity = identity
    this.#token = token
    this.#files = files
    this.#socket = socket
  }

  assertHeld(): void {
    if (this.#released || !this.#isOurs()) throw lockLostError(this.#directory)
  }

  /** Removes LOCK only if it is in the locked directory and carries this holder's token (K12). */
  release(): void {
    if (this.#released) return
    this.#released = true
    try {
      if (this.#isOurs()) this.#files.removeIfPresent(this.#files.lockPath)
    } finally {
      this.#socket?.close()
      heldLocks().delete(this.#identity)
    }
  }

  #isOurs(): boolean {
    return this.#isSameDirectory() && hasToken(this.#files.read(this.#files.lockPath), this.#token)
  }

  /** Reports whether the path still leads to the locked directory. A copy of a directory has a LOCK with the same token. */
  #isSameDirectory(): boolean {
    try {
      const status = fs.statSync(this.#directory, { bigint: true })
      return `${status.dev}:${status.ino}` === this.#identity
    } catch {
      return false
    }
  }
}

/** Returns the locks held by this thread, from identity to token (K2). All loaded copies of this package share the map. */
function heldLocks(): Map<string, string> {
  const world = globalThis as unknown as Record<symbol, Map<string, string> | undefined>
  return (world[Symbol.for('ldb.locks')] ??= new Map<string, string>())
}

function newToken(random: RandomSource): string {
  const bytes = random.fill(new Uint8Array(LOCK_TOKEN_DIGITS / 2))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Makes `own` the record in LOCK, or throws LDB_LOCKED. */
function acquireLockFile(directory: string, files: NodeLockFiles, own: LockRecord): void {
  for (let attemptCount = 0; attemptCount < ATTEMPTS_MAX; attemptCount++) {
    const holder = readHolderChain(directory, files, own).at(-1)
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
    if (readHolderChain(directory, files, own).at(-1)?.token === own.token) {
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

function assertDead(directory: string, holder: LockRecord, own: LockRecord): void {
  const state = classifyHolder(holder, own, nodeProcessProbe)
  if (state === 'dead') return
  const name = describeHolder(holder, own)
  if (state === 'alive') throw lockedError(directory, name)
  throw lockedError(
    directory,
    name,
    `This process cannot determine whether it is alive; if it has ended, remove ${directory}/LOCK`,
  )
}

/** Reports whether a directory whose socket name is bound has no LOCK, or one of a dead holder. */
function isOrphaned(files: NodeLockFiles): boolean {
  const content = files.read(files.lockPath)
  if (content === 'invalid') return false
  const own = { ...describeCurrentProcess(), socket: LOCK_UNKNOWN, token: '' }
  return content === 'absent' || classifyHolder(content, own, nodeProcessProbe) === 'dead'
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

function socketTakenError(directory: string, files: NodeLockFiles, own: LockRecord): LdbError {
  const content = files.read(files.lockPath)
  const isHolder = typeof content === 'object' && content.boot === own.boot
  return lockedError(
    directory,
    isHolder ? describeHolder(content, own) : `another process on host ${own.host}`,
  )
}

function unreadableLockError(directory: string, path: string): LdbError {
  return lockedError(
    directory,
    'an unknown holder',
    `${path} is not a valid lock record; remove it if no process uses the directory`,
  )
}
