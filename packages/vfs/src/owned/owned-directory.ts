import { isLdbError, LdbError, optionalMember } from '@ldb/base'
import type { PinnedDirectory, Vfs, VfsLock } from '../vfs.js'

/** Depth of the directories that are pinned. The lock pins the owned one; deeper ones are many, and a pin costs a descriptor. */
const PINNED_DEPTH = 1

/**
 * A directory that its user must find again under its path, with the directories below it.
 *
 * A path leads to whatever has its name at the time of the call. Before an operation by name, the identity of each directory from
 * the owned one to the parent of the path is compared with the identity that was seen first, and the lock is checked. After the first
 * difference every later check fails: the directory may come back, but what happened in its absence is not known.
 */
export class OwnedDirectory {
  readonly #vfs: Vfs
  readonly #root: string
  /** What the paths in the directory begin with. */
  readonly #prefix: string
  readonly #lock: VfsLock | undefined
  /** Identity of each directory, as first seen, by path. */
  readonly #identities: Map<string, string> = new Map()
  readonly #pins: Map<string, PinnedDirectory> = new Map()
  readonly #onLost: (error: LdbError) => void
  #loss: LdbError | undefined = undefined

  /**
   * @param lock - held lock of the directory. With a lock, the directories directly in it are pinned until {@link OwnedDirectory.release}.
   * @param onLost - called at the first difference, before the error is thrown.
   */
  constructor(vfs: Vfs, root: string, lock: VfsLock | undefined, onLost: (error: LdbError) => void) {
    this.#vfs = vfs
    this.#root = root
    this.#prefix = root === '' || root.endsWith('/') ? root : `${root}/`
    this.#lock = lock
    this.#onLost = onLost
  }

  /** Reports whether a path is the directory or in it. */
  contains(path: string): boolean {
    return path === this.#root || path.startsWith(this.#prefix)
  }

  /**
   * Proves that the lock is held, and that each directory from the owned one to the parent of `path` is the one seen first.
   *
   * @param isDirectory - `path` is itself a directory to compare.
   * @throws {@link LdbError} LDB_POISONED.
   */
  assertOwned(path: string, isDirectory: boolean): void {
    this.assertUnmoved(path, isDirectory)
    try {
      this.#lock?.assertHeld()
    } catch (cause) {
      if (!isLdbError(cause, 'LDB_POISONED')) throw cause
      const message = `the lock of ${this.#root} was lost: its file LOCK was removed or replaced; nothing was changed since`
      throw this.#lose(new LdbError('LDB_POISONED', message, { cause, details: { file: this.#root } }))
    }
  }

  /** As {@link OwnedDirectory.assertOwned}, without the lock. */
  assertUnmoved(path: string, isDirectory: boolean): void {
    if (this.#loss !== undefined) throw copyOf(this.#loss)
    this.#compare(this.#root, 0)
    if (!this.contains(path) || path === this.#root) return
    let depth = 1
    for (let end = path.indexOf('/', this.#prefix.length); end >= 0; end = path.indexOf('/', end + 1)) {
      this.#compare(path.slice(0, end), depth++)
    }
    if (isDirectory) this.#compare(path, depth)
  }

  /** Records a directory that the owner has created. */
  noteCreated(path: string): void {
    this.noteRemoved(path)
    if (this.contains(path)) this.assertUnmoved(path, true)
  }

  /** Forgets a directory that the owner has removed or renamed, and those in it. */
  noteRemoved(path: string): void {
    // A directory is seen before those in it.
    if (!this.#identities.has(path)) return
    for (const known of this.#identities.keys()) {
      if (known !== path && !known.startsWith(`${path}/`)) continue
      this.#identities.delete(known)
      this.#pins.get(known)?.release()
      this.#pins.delete(known)
    }
  }

  /** Releases the pins. Later checks of a directory with a lock fail, because the lock is released before. */
  release(): void {
    for (const pin of this.#pins.values()) pin.release()
    this.#pins.clear()
  }

  #compare(directory: string, depth: number): void {
    const expected = this.#identities.get(directory)
    if (expected === undefined) {
      this.#see(directory, depth)
      return
    }
    const actual = identityOf(this.#vfs, directory)
    if (actual === expected) return
    const change = actual === undefined ? 'was moved or removed' : 'was moved, or removed, and replaced'
    const message = `the directory ${directory} ${change} while it was in use; nothing was changed in its place`
    throw this.#lose(
      new LdbError('LDB_POISONED', message, {
        details: { file: directory, expected, actual: actual ?? 'absent' },
      }),
    )
  }

  /** Records the identity of a directory that is seen for the first time, if it exists. */
  #see(directory: string, depth: number): void {
    const identity = identityOf(this.#vfs, directory)
    if (identity === undefined) return
    const pin = depth === PINNED_DEPTH && this.#lock !== undefined ? pinOf(this.#vfs, directory) : undefined
    if (pin !== undefined) this.#pins.set(directory, pin)
    this.#identities.set(directory, pin?.identity ?? identity)
  }

  #lose(error: LdbError): LdbError {
    this.#loss = error
    this.#onLost(error)
    return error
  }
}

/** Returns the identity of a directory, or of the one that a symbolic link leads to; `undefined` when there is none. */
function identityOf(vfs: Vfs, directory: string): string | undefined {
  const status = vfs.status(directory)
  // `status` follows a symbolic link before `/.`, and no link at the end of a path.
  const followed = status?.kind === 'other' ? vfs.status(`${directory}/.`) : status
  return followed?.kind === 'directory' ? followed.identity : undefined
}

/** Pins a directory where that is possible. Without a pin, only the reuse of its identity goes unnoticed. */
function pinOf(vfs: Vfs, directory: string): PinnedDirectory | undefined {
  try {
    return optionalMember(vfs, 'pinDirectory')?.call(vfs, directory)
  } catch (error) {
    if (isLdbError(error)) return undefined
    throw error
  }
}

/** Returns a copy of the first error, with the stack of the refused call. */
function copyOf(loss: LdbError): LdbError {
  return new LdbError(loss.code, loss.message, { cause: loss, details: loss.details })
}
