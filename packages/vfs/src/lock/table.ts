import { LdbError } from '@ldb/base'
import type { VfsLock } from '../vfs.js'

/** The locks that are held within one file system in memory, by identity of the directory. */
export class LockTable {
  readonly #held: Map<string, VfsLock> = new Map()

  /** @throws LDB_LOCKED when the lock is held. */
  take(identity: string, directory: string): VfsLock {
    if (this.#held.has(identity)) throw lockedBy(directory, 'this process')
    const held = this.#held
    const lock: VfsLock = {
      assertHeld(): void {
        if (held.get(identity) !== lock) throw lockLost(directory)
      },
      release(): void {
        if (held.get(identity) === lock) held.delete(identity)
      },
    }
    held.set(identity, lock)
    return lock
  }
}

/** Makes the error for a directory that somebody else has locked. */
export function lockedBy(directory: string, holder: string, advice?: string): LdbError {
  const message = `${directory} is in use by ${holder}`
  return new LdbError('LDB_LOCKED', advice === undefined ? message : `${message}. ${advice}`, {
    details: { file: directory, operation: 'lock', holder },
  })
}

/** Makes the error for a lock that was taken away from its holder, or that its holder has given back. */
export function lockLost(directory: string): LdbError {
  return new LdbError('LDB_POISONED', `the lock of ${directory} is no longer held`, {
    details: { file: directory, operation: 'assertHeld' },
  })
}
