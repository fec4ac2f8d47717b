import { isLdbError } from '@ldb/base'
import { bindLockSocket, tryFlock } from '#lock-calls'
import type { RandomSource } from '../../environment/environment.js'
import { LOCK_TOKEN_DIGITS, LOCK_UNKNOWN } from '../../format.js'
import type { LockRecord } from '../../lock/record.js'
import { lockLostError, LockTable } from '../../lock/table.js'
import type { LockTableEntry } from '../../lock/table.js'
import type { LockMode, VfsLock } from '../../vfs.js'
import type { TryFlock } from './flock.js'
import { acquireFlock, acquireSocket } from './kernel-lock.js'
import { acquireLockFile, assertDead, readHolder, stateOf } from './lock-claim.js'
import { LockDirectory } from './lock-directory.js'
import { hasToken, NodeLockFiles } from './lock-file.js'
import type { LockSocket } from './lock-socket.js'
import { describeCurrentProcess } from './process.js'

/** Errors of creating LOCK without write access; the last is that of Node's permission model. */
const NO_WRITE_ACCESS = new Set(['EROFS', 'EACCES', 'EPERM', 'ERR_ACCESS_DENIED'])

/**
 * Acquires the lock of a directory (K1): first in the table of this thread, then flock on the directory and the abstract socket where
 * the kernel has them, and last the file LOCK, which also excludes openers that the kernel locks do not. A shared lock consists of
 * the table and flock; where there is no flock, it is an exclusive lock that the thread shares (K17).
 *
 * @param flock - replaces flock(2), for tests.
 * @throws {@link LdbError} LDB_LOCKED when another opener holds the lock, LDB_NOT_FOUND, LDB_READ_ONLY, LDB_NO_SPACE, LDB_IO.
 */
export function acquireNodeLock(
  path: string,
  mode: LockMode,
  random: RandomSource,
  flock: TryFlock = tryFlock,
): VfsLock {
  const directory = LockDirectory.open(path, flock)
  let isHeld = false
  try {
    return new LockTable(heldLocks()).acquire(directory.identity, path, mode, () => {
      const acquisition = new Acquisition(directory, mode, random)
      const lock = mode === 'shared' ? acquisition.acquireShared() : acquisition.acquireExclusive()
      isHeld = true
      return lock
    })
  } finally {
    // Refused, or one of several holders of a shared lock, which the first one's descriptor carries.
    if (!isHeld) directory.close()
  }
}

/** One acquisition of the lock of a directory that no holder in this thread has locked. */
class Acquisition {
  readonly #directory: LockDirectory
  readonly #files: NodeLockFiles
  /** Record of this opener, as if it held nothing. */
  readonly #opener: LockRecord

  constructor(directory: LockDirectory, mode: LockMode, random: RandomSource) {
    this.#directory = directory
    this.#files = new NodeLockFiles(directory.absolutePath)
    this.#opener = {
      ...describeCurrentProcess(),
      socket: LOCK_UNKNOWN,
      directory: directory.identity,
      filesystem: directory.fileSystem,
      kernel: LOCK_UNKNOWN,
      mode,
      token: newToken(random),
    }
  }

  acquireExclusive(): VfsLock {
    const kernel = acquireFlock(this.#directory, this.#files, 'exclusive', this.#opener)
    return this.#acquireFile({ ...this.#opener, kernel })
  }

  acquireShared(): VfsLock {
    const kernel = acquireFlock(this.#directory, this.#files, 'shared', this.#opener)
    if (kernel !== LOCK_UNKNOWN) {
      this.#assertNoWriter({ ...this.#opener, kernel })
      return new SharedLock(this.#directory)
    }
    try {
      return this.#acquireFile(this.#opener)
    } catch (error) {
      if (!isLdbError(error) || !NO_WRITE_ACCESS.has(error.details.errno ?? '')) throw error
      this.#assertNoWriter(this.#opener)
      return new SharedLock(this.#directory)
    }
  }

  /** @param opener - record of this opener, which may hold flock. */
  #acquireFile(opener: LockRecord): VfsLock {
    const socket = acquireSocket(this.#directory, this.#files, opener)
    const own: LockRecord = { ...opener, socket: socket?.name ?? LOCK_UNKNOWN }
    try {
      acquireLockFile(this.#directory.path, this.#files, own)
    } catch (error) {
      socket?.close()
      throw error
    }
    return new ExclusiveLock(this.#directory, this.#files, own.token, socket)
  }

  /** Throws LDB_LOCKED when LOCK names a writer that may be alive and that this opener's flock does not exclude. Writes nothing. */
  #assertNoWriter(own: LockRecord): void {
    const holder = readHolder(this.#directory.path, this.#files, own)
    if (holder === undefined || stateOf(holder, own) === 'dead') return
    // It reads as well; when it has ended, this opener does not depend on its lock.
    if (holder.mode === 'shared') return
    // Whether the socket can be bound determines the state of a holder in another pid namespace (K4).
    const socket = bindLockSocket(this.#directory.identity, own.token)
    const name = typeof socket === 'object' ? socket.name : LOCK_UNKNOWN
    if (typeof socket === 'object') socket.close()
    assertDead(this.#directory.path, holder, { ...own, socket: name })
  }
}

class ExclusiveLock implements VfsLock {
  readonly #directory: LockDirectory
  readonly #files: NodeLockFiles
  readonly #token: string
  readonly #socket: LockSocket | undefined
  #isReleased = false

  constructor(directory: LockDirectory, files: NodeLockFiles, token: string, socket: LockSocket | undefined) {
    this.#directory = directory
    this.#files = files
    this.#token = token
    this.#socket = socket
  }

  assertHeld(): void {
    if (this.#isReleased || !this.#directory.isAtPath() || !this.#isOurs())
      throw lockLostError(this.#directory.path)
  }

  /**
   * Removes LOCK only from the locked directory, and only if it carries this holder's token (K12). The flock is last, so that no opener
   * finds it free beside LOCK.
   */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    try {
      if (this.#directory.isAtPath() && this.#isOurs()) this.#files.removeIfPresent(this.#files.lockPath)
    } finally {
      this.#socket?.close()
      this.#directory.close()
    }
  }

  #isOurs(): boolean {
    return hasToken(this.#files.read(this.#files.lockPath), this.#token)
  }
}

class SharedLock implements VfsLock {
  readonly #directory: LockDirectory
  #isReleased = false

  constructor(directory: LockDirectory) {
    this.#directory = directory
  }

  assertHeld(): void {
    if (this.#isReleased || !this.#directory.isAtPath()) throw lockLostError(this.#directory.path)
  }

  release(): void {
    this.#isReleased = true
    this.#directory.close()
  }
}

/** Returns the locks held by this thread, by identity (K2). All loaded copies of this package share the map. */
function heldLocks(): Map<string, LockTableEntry> {
  const world = globalThis as unknown as Record<symbol, Map<string, LockTableEntry> | undefined>
  return (world[Symbol.for('ldb.locks')] ??= new Map<string, LockTableEntry>())
}

function newToken(random: RandomSource): string {
  const bytes = random.fill(new Uint8Array(LOCK_TOKEN_DIGITS / 2))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
