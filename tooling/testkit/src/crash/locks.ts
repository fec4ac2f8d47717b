import { LdbError } from '@ldb/base'
import type { LockMode, VfsLock } from '@ldb/vfs'
import type { CrashNode } from './namespace.js'

interface HeldLock {
  readonly mode: LockMode
  holderCount: number
}

/** The locks of the directories of a simulated disk. They are those of the running process, and end with it. */
export class CrashLocks {
  readonly #held: Map<CrashNode, HeldLock> = new Map()

  acquire(node: CrashNode, directory: string, mode: LockMode): VfsLock {
    const lock = this.#held.get(node) ?? { mode, holderCount: 0 }
    const details = { file: directory }
    if (lock.holderCount > 0 && (mode === 'exclusive' || lock.mode === 'exclusive'))
      throw new LdbError('LDB_LOCKED', `${directory} is in use by this process`, { details })
    lock.holderCount++
    this.#held.set(node, lock)
    const isHeld = (): boolean => this.#held.get(node) === lock
    let isReleased = false
    return {
      assertHeld: (): void => {
        if (!isReleased && isHeld()) return
        throw new LdbError('LDB_POISONED', `the lock of ${directory} is no longer held`, { details })
      },
      release: (): void => {
        if (isReleased) return
        isReleased = true
        lock.holderCount--
        if (lock.holderCount === 0 && isHeld()) this.#held.delete(node)
      },
    }
  }

  /** Releases all locks, as the end of a process does. */
  releaseAll(): void {
    this.#held.clear()
  }
}
