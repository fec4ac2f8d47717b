import { optionalMember } from '@ldb/base'
import type { LdbError } from '@ldb/base'
import { DirectorySync } from '../directory-sync.js'
import type { Clock, RandomSource, Scheduler } from '../environment/environment.js'
import type { FilePath } from '../file-path.js'
import { FileRemoval } from '../file-removal.js'
import { resolvePath } from '../resolve-path.js'
import type { FileStatus, LockMode, OpenMode, PinnedDirectory, Vfs, VfsFile, VfsLock } from '../vfs.js'
import { OwnedDirectory } from './owned-directory.js'

/**
 * A file system that proves, before each operation by name, that one directory and the directories in it are still those that were
 * found first: a directory may be moved, and another one with the same name created, while files in it are open.
 *
 * @remarks The check is made before each operation that opens, creates, renames, links, copies, removes, lists or syncs by name, and
 * again after one that fails, or whose result proves something: an opened file, a synced directory. Its failure is `LDB_POISONED`, also
 * for every later operation, and the operation has changed nothing. A move between the check and the operation is not noticed before
 * the next check. Operations on open files are not checked: they act on the files of the moved directory. `status` is not checked.
 *
 * A check costs a status of each directory between the owned one and the path, and for an operation other than a read, a read of `LOCK`.
 * @category Files
 */
export class OwnedVfs implements Vfs {
  readonly clock: Clock
  readonly random: RandomSource
  readonly scheduler: Scheduler
  /** As that of the underlying file system; absent where that has none. */
  readonly link?: (source: string, target: string) => void
  /** As that of the underlying file system; absent where that has none. */
  readonly copy?: (source: string, target: string) => void
  /** As that of the underlying file system; absent where that has none. */
  readonly freeBytes?: (path: string) => number | undefined
  readonly #below: Vfs
  #owned: OwnedDirectory | undefined = undefined
  #onLost: (error: LdbError) => void = () => undefined

  /** @param below - the underlying file system. Nothing is checked before {@link OwnedVfs.own}. */
  constructor(below: Vfs) {
    this.clock = below.clock
    this.random = below.random
    this.scheduler = below.scheduler
    this.#below = below
    const freeBytes = optionalMember(below, 'freeBytes')
    const link = optionalMember(below, 'link')
    const copy = optionalMember(below, 'copy')
    if (freeBytes !== undefined) this.freeBytes = freeBytes.bind(below)
    if (link !== undefined) {
      this.link = (source, target): void => {
        this.#assertOwned(source)
        this.#assertOwned(target)
        this.#byName(target, () => {
          link.call(below, source, target)
        })
      }
    }
    if (copy !== undefined) {
      this.copy = (source, target): void => {
        this.#assertOwned(source)
        this.#assertOwned(target)
        this.#byName(target, () => {
          copy.call(below, source, target)
        })
      }
    }
  }

  /**
   * Returns a file system that checks a directory without a lock, from its first use on. For a library that locks no directory. Returns
   * `vfs` itself when it checks that directory already.
   */
  static over(vfs: Vfs, directory: string): Vfs {
    if (vfs instanceof OwnedVfs && vfs.#owned?.contains(directory) === true) return vfs
    const over = new OwnedVfs(vfs)
    over.#owned = new OwnedDirectory(vfs, directory, undefined, () => undefined)
    return over
  }

  /** Returns a file system that checks the same directory above `vfs`, a layer over this one, and whose losses this one reports. */
  above(vfs: Vfs): Vfs {
    const above = new OwnedVfs(vfs)
    above.#owned = this.#owned
    return above
  }

  /**
   * Checks a locked directory from now on.
   *
   * @param lock - held lock of the directory.
   * @returns the lock to release in its place. Every later operation by name fails then.
   * @throws {@link LdbError} LDB_POISONED when the directory was moved or replaced since it was locked; LDB_IO.
   */
  own(directory: string, lock: VfsLock): VfsLock {
    const owned = new OwnedDirectory(this.#below, directory, lock, (error) => {
      this.#onLost(error)
    })
    this.#owned = owned
    try {
      owned.assertOwned(directory, true)
    } catch (error) {
      owned.release()
      throw error
    }
    return {
      assertHeld(): void {
        owned.assertOwned(directory, true)
      },
      release(): void {
        try {
          lock.release()
        } finally {
          owned.release()
        }
      },
    }
  }

  /** Sets the callback that runs when a check fails for the first time, before the operation throws. It must not throw. */
  onLost(callback: (error: LdbError) => void): void {
    this.#onLost = callback
  }

  absolutePath(path: FilePath): string {
    return resolvePath(this.#below, path)
  }

  open(path: string, mode: OpenMode): VfsFile {
    if (mode === 'read') this.#assertUnmoved(path)
    else this.#assertOwned(path)
    const file = this.#byName(path, () => this.#below.open(path, mode))
    try {
      this.#assertUnmoved(path)
    } catch (error) {
      file.close()
      throw error
    }
    return file
  }

  status(path: string): FileStatus | undefined {
    return this.#below.status(path)
  }

  pinDirectory(path: string): PinnedDirectory | undefined {
    return optionalMember(this.#below, 'pinDirectory')?.call(this.#below, path)
  }

  list(path: string): string[] {
    this.#assertUnmoved(path, true)
    return this.#byName(path, () => this.#below.list(path))
  }

  makeDirectory(path: string): void {
    this.#assertOwned(path)
    this.#byName(path, () => {
      this.#below.makeDirectory(path)
    })
    this.#owned?.noteCreated(path)
  }

  rename(source: string, target: string): void {
    this.#assertOwned(source)
    this.#assertOwned(target)
    this.#byName(target, () => {
      this.#below.rename(source, target)
    })
    this.#owned?.noteRemoved(source)
  }

  remove(path: string): void {
    this.#assertOwned(path)
    this.#byName(path, () => {
      this.#below.remove(path)
    })
  }

  async removeAsync(path: string): Promise<void> {
    this.#assertOwned(path)
    await this.#byNameAsync(path, () => new FileRemoval(this.#below, path).syncAsync())
  }

  removeDirectory(path: string): void {
    this.#assertOwned(path, true)
    this.#byName(path, () => {
      this.#below.removeDirectory(path)
    })
    this.#owned?.noteRemoved(path)
  }

  syncDirectory(path: string): void {
    this.#assertOwned(path, true)
    this.#byName(path, () => {
      this.#below.syncDirectory(path)
    })
    this.#assertUnmoved(path, true)
  }

  async syncDirectoryAsync(path: string): Promise<void> {
    this.#assertOwned(path, true)
    await this.#byNameAsync(path, () => new DirectorySync(this.#below, path).syncAsync())
    this.#assertUnmoved(path, true)
  }

  lock(directory: string, mode?: LockMode): VfsLock {
    return this.#below.lock(directory, mode)
  }

  /** Runs an operation by name. When it fails in a directory that was moved after the check, that is the error. */
  #byName<T>(path: string, operate: () => T): T {
    try {
      return operate()
    } catch (error) {
      this.#assertUnmoved(path)
      throw error
    }
  }

  async #byNameAsync(path: string, operate: () => Promise<unknown>): Promise<void> {
    try {
      await operate()
    } catch (error) {
      this.#assertUnmoved(path)
      throw error
    }
  }

  #assertOwned(path: string, isDirectory = false): void {
    this.#owned?.assertOwned(path, isDirectory)
  }

  #assertUnmoved(path: string, isDirectory = false): void {
    this.#owned?.assertUnmoved(path, isDirectory)
  }
}
