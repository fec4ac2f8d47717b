import { isLdbError, LdbError, optionalMember } from '@ldb/base'
import { DirectorySync } from '../directory-sync.js'
import type { Clock, RandomSource, Scheduler } from '../environment/environment.js'
import type { FilePath } from '../file-path.js'
import { FileRemoval } from '../file-removal.js'
import { resolvePath } from '../resolve-path.js'
import type { FileStatus, LockMode, OpenMode, PinnedDirectory, Vfs, VfsFile, VfsLock } from '../vfs.js'

/**
 * A file system for internal files, which no argument of the user names: a path that is absent, or that exists, against the expectation
 * of an operation is `LDB_IO`, with the errno `ENOENT` or `EEXIST` in its details. `LDB_NOT_FOUND` and `LDB_EXISTS` are answers to a
 * request of the user, and only the code that knows the request throws them.
 *
 * @remarks Every other call, and every method of an open file, is that of the underlying file system. `absolutePath` keeps its errors:
 * it receives the path of the user.
 * @category Files
 */
export class InternalVfs implements Vfs {
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

  private constructor(below: Vfs) {
    this.clock = below.clock
    this.random = below.random
    this.scheduler = below.scheduler
    this.#below = below
    const freeBytes = optionalMember(below, 'freeBytes')
    const link = optionalMember(below, 'link')
    const copy = optionalMember(below, 'copy')
    if (link !== undefined) {
      this.link = (source, target): void => {
        internally(() => {
          link.call(below, source, target)
        })
      }
    }
    if (copy !== undefined) {
      this.copy = (source, target): void => {
        internally(() => {
          copy.call(below, source, target)
        })
      }
    }
    if (freeBytes !== undefined) {
      this.freeBytes = (path): number | undefined => internally(() => freeBytes.call(below, path))
    }
  }

  /** Returns the file system for internal files over `vfs`: `vfs` itself when it is one. */
  static over(vfs: Vfs): Vfs {
    return vfs instanceof InternalVfs ? vfs : new InternalVfs(vfs)
  }

  absolutePath(path: FilePath): string {
    return resolvePath(this.#below, path)
  }

  open(path: string, mode: OpenMode): VfsFile {
    return internally(() => this.#below.open(path, mode))
  }

  status(path: string): FileStatus | undefined {
    return internally(() => this.#below.status(path))
  }

  pinDirectory(path: string): PinnedDirectory | undefined {
    return internally(() => optionalMember(this.#below, 'pinDirectory')?.call(this.#below, path))
  }

  list(path: string): string[] {
    return internally(() => this.#below.list(path))
  }

  makeDirectory(path: string): void {
    internally(() => {
      this.#below.makeDirectory(path)
    })
  }

  rename(source: string, target: string): void {
    internally(() => {
      this.#below.rename(source, target)
    })
  }

  remove(path: string): void {
    internally(() => {
      this.#below.remove(path)
    })
  }

  async removeAsync(path: string): Promise<void> {
    await internallyAsync(() => new FileRemoval(this.#below, path).syncAsync())
  }

  removeDirectory(path: string): void {
    internally(() => {
      this.#below.removeDirectory(path)
    })
  }

  syncDirectory(path: string): void {
    internally(() => {
      this.#below.syncDirectory(path)
    })
  }

  async syncDirectoryAsync(path: string): Promise<void> {
    await internallyAsync(() => new DirectorySync(this.#below, path).syncAsync())
  }

  lock(directory: string, mode?: LockMode): VfsLock {
    return internally(() => this.#below.lock(directory, mode))
  }
}

function internally<T>(operation: () => T): T {
  try {
    return operation()
  } catch (error) {
    throw internalError(error)
  }
}

async function internallyAsync(operation: () => Promise<void>): Promise<void> {
  try {
    await operation()
  } catch (error) {
    throw internalError(error)
  }
}

/** Returns the error of an operation on an internal file. */
function internalError(error: unknown): unknown {
  const isAbsent = isLdbError(error, 'LDB_NOT_FOUND')
  if (!isAbsent && !isLdbError(error, 'LDB_EXISTS')) return error
  return new LdbError('LDB_IO', error.message, {
    cause: error.cause ?? error,
    details: { errno: isAbsent ? 'ENOENT' : 'EEXIST', ...error.details },
  })
}
