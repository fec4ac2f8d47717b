import { LdbError, ownProperty } from '@ldb/base'
import type { LockMode, VfsLock } from '../vfs.js'

/** The lock of one directory, and the number of its holders: more than one for a shared lock only. */
export interface LockTableEntry {
  readonly mode: LockMode
  readonly lock: VfsLock
  holderCount: number
}

/** The held locks of one thread, or of one in-memory file system, by identity of the directory. */
export class LockTable {
  readonly #entries: Map<string, LockTableEntry>

  constructor(entries: Map<string, LockTableEntry> = new Map()) {
    this.#entries = entries
  }

  /**
   * Acquires a lock. The holders of a shared lock share one lock of the layer below, which the last of them releases.
   *
   * @param acquireBelow - acquires the lock of the layer below, for the first holder.
   * @throws {@link LdbError} LDB_LOCKED when the lock is held in a mode that excludes `mode`; whatever `acquireBelow` throws.
   */
  acquire(identity: string, directory: string, mode: LockMode, acquireBelow: () => VfsLock): VfsLock {
    let entry = this.#entries.get(identity)
    if (entry === undefined) {
      entry = { mode, lock: acquireBelow(), holderCount: 1 }
      this.#entries.set(identity, entry)
    } else {
      if (mode !== 'shared' || entry.mode !== 'shared')
        throw lockedError(directory, 'this process', { mode: entry.mode })
      entry.holderCount++
    }
    return this.#holderOf(identity, directory, entry)
  }

  #holderOf(identity: string, directory: string, entry: LockTableEntry): VfsLock {
    const entries = this.#entries
    let isReleased = false
    return {
      assertHeld(): void {
        if (isReleased || entries.get(identity) !== entry) throw lockLostError(directory)
        entry.lock.assertHeld()
      },
      release(): void {
        if (isReleased) return
        isReleased = true
        entry.holderCount--
        if (entry.holderCount > 0) return
        try {
          entry.lock.release()
        } finally {
          if (entries.get(identity) === entry) entries.delete(identity)
        }
      },
    }
  }
}

/**
 * Creates the error for a directory whose lock another opener holds.
 *
 * @param about - mode in which the holder has opened the directory, and what the user can do, where they are known.
 */
export function lockedError(
  directory: string,
  holder: string,
  about?: { readonly mode?: LockMode | undefined; readonly advice?: string },
): LdbError {
  const mode = about === undefined ? undefined : ownProperty(about, 'mode')
  const advice = about === undefined ? undefined : ownProperty(about, 'advice')
  const purpose = mode === undefined ? '' : `, opened ${mode === 'shared' ? 'read-only' : 'for writing'}`
  const message = `${directory} is in use by ${holder}${purpose}`
  return new LdbError('LDB_LOCKED', advice === undefined ? message : `${message}. ${advice}`, {
    details: { file: directory, operation: 'lock', holder },
  })
}

/** Creates the error for a lock that was released, or whose directory or LOCK file was replaced or removed. */
export function lockLostError(directory: string): LdbError {
  return new LdbError('LDB_POISONED', `the lock of ${directory} is no longer held`, {
    details: { file: directory, operation: 'assertHeld' },
  })
}
