import { nodeClock, nodeRandom, nodeScheduler } from '#environment'
import { fs, process } from '#system'
import { isLdbError, optionalMember } from '@ldb/base'
import { BIGINT, callOptions } from './call-options.js'
import type { Clock, Environment, RandomSource, Scheduler } from '../environment/environment.js'
import { notRegularError } from '../file-error.js'
import type { FilePath } from '../file-path.js'
import { attempt, errnoOf, nodeError } from './error.js'
import { NodeFile } from './file.js'
import { identityOf } from './identity.js'
import { acquireNodeLock } from './locking/lock.js'
import {
  isWithoutDescriptor,
  releaseSpareDescriptor,
  retainSpareDescriptor,
  withDescriptor,
} from './spare-descriptor.js'
import { absoluteNodePath, fixedPath } from './path.js'
import type { FileStatus, LockMode, OpenMode, PinnedDirectory, Vfs, VfsFile, VfsLock } from '../vfs.js'

const { COPYFILE_EXCL, COPYFILE_FICLONE, O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = fs.constants
// Both are absent on Windows. O_NONBLOCK: opening a FIFO must not block until its other end is opened.
const O_SAFE = (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)
const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY | O_SAFE,
  write: O_RDWR | O_SAFE,
  create: O_RDWR | O_CREAT | O_SAFE,
  createNew: O_RDWR | O_CREAT | O_EXCL | O_SAFE,
}
const O_DIRECTORY_ONLY = O_RDONLY | (fs.constants.O_DIRECTORY ?? 0)
const FILE_MODE = 0o600
const DIRECTORY_MODE = 0o700
/** Errors of syncing a directory on Windows, which does not support it. */
const WINDOWS_DIRECTORY_SYNC_ERRNOS = new Set(['EPERM', 'EISDIR', 'EINVAL', 'EACCES'])

/**
 * The file system of the operating system, through `node:fs`.
 *
 * @remarks Files are created with mode 0600 and directories with mode 0700. Only regular files can be opened; a symbolic link at
 * the end of a path is not followed. `sync` is fdatasync, which flushes the device cache on Apple systems as well. Methods block;
 * those whose names end in `Async` run in Node's thread pool.
 * @category Files
 */
export class NodeVfs implements Vfs {
  readonly clock: Clock
  readonly random: RandomSource
  readonly scheduler: Scheduler

  /** @param environment - replaces the clock, the randomness or the scheduler of the operating system. */
  constructor(environment: Partial<Environment> = {}) {
    this.clock = optionalMember(environment, 'clock') ?? nodeClock
    this.random = optionalMember(environment, 'random') ?? nodeRandom
    this.scheduler = optionalMember(environment, 'scheduler') ?? nodeScheduler
  }

  absolutePath(path: FilePath): string {
    return absoluteNodePath(path)
  }

  open(path: string, mode: OpenMode): VfsFile {
    const descriptor = attempt('open', path, () => fs.openSync(path, FLAGS[mode], FILE_MODE))
    try {
      const status = fs.fstatSync(descriptor)
      if (!status.isFile()) throw notRegularError(path, status.isDirectory() ? 'directory' : 'other', 'open')
      return new NodeFile(fixedPath(path), descriptor, mode !== 'read')
    } catch (error) {
      fs.closeSync(descriptor)
      throw isLdbError(error) ? error : nodeError(error, { operation: 'open', file: path })
    }
  }

  status(path: string): FileStatus | undefined {
    try {
      const status = fs.lstatSync(path, BIGINT)
      const kind = status.isFile() ? 'file' : status.isDirectory() ? 'directory' : 'other'
      const length = kind === 'file' ? Number(status.size) : 0
      return { kind, length, identity: identityOf(status) }
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined
      throw nodeError(error, { operation: 'status', file: path })
    }
  }

  freeBytes(path: string): number | undefined {
    const { bsize, blocks, bfree, bavail } = attempt('status', path, () => fs.statfsSync(path))
    // Some file systems do not count their blocks.
    if (blocks === 0) return undefined
    // The blocks that a file system reserves for the superuser.
    return bsize * (process.getuid?.() === 0 ? bfree : bavail)
  }

  pinDirectory(path: string): PinnedDirectory | undefined {
    // Windows opens no directories, and does not reuse the identity of one soon.
    if (process.platform === 'win32') return undefined
    const descriptor = attempt('pinDirectory', path, () =>
      withDescriptor(() => fs.openSync(path, O_DIRECTORY_ONLY)),
    )
    const identity = attempt('pinDirectory', path, () => identityOf(fs.fstatSync(descriptor, BIGINT)))
    let isOpen = true
    return {
      identity,
      release(): void {
        if (isOpen) fs.closeSync(descriptor)
        isOpen = false
      },
    }
  }

  list(path: string): string[] {
    return attempt('list', path, () => withDescriptor(() => fs.readdirSync(path)).sort())
  }

  makeDirectory(path: string): void {
    attempt('makeDirectory', path, () => {
      fs.mkdirSync(path, callOptions({ mode: DIRECTORY_MODE }))
    })
  }

  rename(source: string, target: string): void {
    attempt('rename', source, () => {
      fs.renameSync(source, target)
    })
  }

  link(source: string, target: string): void {
    this.#requireRegular(source, 'link')
    attempt('link', source, () => {
      fs.linkSync(source, target)
    })
  }

  copy(source: string, target: string): void {
    this.#requireRegular(source, 'copy')
    attempt('copy', source, () => {
      fs.copyFileSync(source, target, COPYFILE_EXCL | COPYFILE_FICLONE)
    })
  }

  remove(path: string): void {
    attempt('remove', path, () => {
      fs.unlinkSync(path)
    })
  }

  async removeAsync(path: string): Promise<void> {
    // The thread pool runs the call later, when the working directory may be another one.
    const fixed = fixedPath(path)
    try {
      await callbackResult<void>((done) => {
        fs.unlink(fixed, done)
      })
    } catch (error) {
      throw nodeError(error, { operation: 'remove', file: path })
    }
  }

  removeDirectory(path: string): void {
    attempt('removeDirectory', path, () => {
      fs.rmdirSync(path)
    })
  }

  syncDirectory(path: string): void {
    try {
      withDescriptor(() => {
        const descriptor = fs.openSync(path, O_DIRECTORY_ONLY)
        try {
          fs.fsyncSync(descriptor)
        } finally {
          fs.closeSync(descriptor)
        }
      })
    } catch (error) {
      if (process.platform === 'win32' && WINDOWS_DIRECTORY_SYNC_ERRNOS.has(errnoOf(error) ?? '')) return
      throw nodeError(error, { operation: 'syncDirectory', file: path })
    }
  }

  async syncDirectoryAsync(path: string): Promise<void> {
    const fixed = fixedPath(path)
    try {
      const descriptor = await callbackResult<number>((done) => {
        fs.open(fixed, O_DIRECTORY_ONLY, done)
      })
      try {
        await callbackResult<void>((done) => {
          fs.fsync(descriptor, done)
        })
      } finally {
        fs.closeSync(descriptor)
      }
    } catch (error) {
      if (process.platform === 'win32' && WINDOWS_DIRECTORY_SYNC_ERRNOS.has(errnoOf(error) ?? '')) return
      if (!isWithoutDescriptor(error)) throw nodeError(error, { operation: 'syncDirectory', file: path })
      // The spare descriptor is not shared with calls off the thread.
      this.syncDirectory(path)
    }
  }

  lock(directory: string, mode: LockMode = 'exclusive'): VfsLock {
    const lock = acquireNodeLock(fixedPath(directory), mode, this.random)
    retainSpareDescriptor()
    let isReleased = false
    return {
      assertHeld: () => {
        lock.assertHeld()
      },
      release: () => {
        if (!isReleased) releaseSpareDescriptor()
        isReleased = true
        lock.release()
      },
    }
  }

  /** Throws when `path` is a directory, a symbolic link or a device. An absent file is left to the operation to report. */
  #requireRegular(path: string, operation: string): void {
    const kind = this.status(path)?.kind ?? 'file'
    if (kind !== 'file') throw notRegularError(path, kind, operation)
  }
}

/** Returns a promise of the result that a function of `node:fs` passes to its callback. */
function callbackResult<T>(call: (done: (error: Error | null, result?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, result) => {
      if (error === null) resolve(result as T)
      else reject(error)
    })
  })
}
