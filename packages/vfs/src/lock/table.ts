import { LdbError } from '@ldb/base'
import type { VfsLock } from '../vfs.js'

/** The held locks of one in-memory file system, by identity of the directory. */
export class LockTable {
  readonly #held: Map<string, VfsLock> = new Map()

  /** @throws {@link LdbError} LDB_LOCKED when the lock is held. */
  acquire(identity: string, directory: string): VfsLock {
    if (this.#held.has(identity)) throw lockedError(directory, 'this process')
    const held = this.#held
    const lock: VfsLock = {
      assertHeld(): void {
        if (held.get(identity) !== lock) throw lockLostError(directory)
      },
      release(): void {
        if (held.get(identity) === lock) held.delete(identity)
      },
    }
    held.set(identity, lock)
    return lock
  }
}

/** Creates the error for a directory whose lock another opener holds. */
export function lockedError(directory: string, holder: string, advice?: string): LdbError {
  const message = `${directory} is in use by ${holder}`
  return new LdbError('LDB_LOCKED', advice === undefined ? message : `${message}. ${advice}`, {
    details: { file: directory, operation: 'lock', holder },
  })
}

/** Creates the error for a lock that was released, or whose LOCK file was replaced or removed. */
export function lockLostError(directory: string): LdbError {
  return new LdbError('LDB_POISONED', `the lock of ${directory} is no longer held`, {
    details: { file: directory, operation: 'assertHeld' },
  })
}
