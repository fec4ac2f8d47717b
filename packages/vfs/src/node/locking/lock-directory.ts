import { fs, nodePath, process } from '#system'
import { BIGINT } from '../call-options.js'
import { LOCK_UNKNOWN } from '../../format.js'
import type { LockMode } from '../../vfs.js'
import { attempt, errnoOf, nodeError } from '../error.js'
import type { FlockResult, TryFlock } from './flock.js'
import { identityOf } from '../identity.js'

/** Absent on Windows, where a directory has no descriptor. */
const O_DIRECTORY = fs.constants.O_RDONLY | (fs.constants.O_DIRECTORY ?? 0)
/** Errors of opening a directory that this user cannot list, or that has no descriptor on this system. */
const NO_DESCRIPTOR = new Set(['EACCES', 'EPERM', 'EISDIR', 'EINVAL', 'ENOTSUP'])

/**
 * A directory that is locked: its identity, and the descriptor that carries its flock. The open descriptor also prevents that the
 * inode number is used for another directory.
 */
export class LockDirectory {
  /** Path as the caller wrote it, for messages. */
  readonly path: string
  readonly absolutePath: string
  /** `device:inode`. */
  readonly identity: string
  /** `f_type` of statfs(2) in hexadecimal; `'-'` when it is not known. */
  readonly fileSystem: string
  readonly #tryFlock: TryFlock
  #descriptor: number | undefined

  private constructor(path: string, tryFlock: TryFlock, descriptor: number | undefined) {
    this.path = path
    this.absolutePath = nodePath.resolve(path)
    this.#tryFlock = tryFlock
    this.#descriptor = descriptor
    this.identity = attempt('lock', path, () =>
      identityOf(
        descriptor === undefined ? fs.statSync(this.absolutePath, BIGINT) : fs.fstatSync(descriptor, BIGINT),
      ),
    )
    this.fileSystem = fileSystemOf(this.absolutePath)
  }

  /** @throws {@link LdbError} LDB_NOT_FOUND, LDB_IO. */
  static open(path: string, tryFlock: TryFlock): LockDirectory {
    const descriptor = openDescriptor(path)
    try {
      return new LockDirectory(path, tryFlock, descriptor)
    } catch (error) {
      if (descriptor !== undefined) fs.closeSync(descriptor)
      throw error
    }
  }

  tryFlock(mode: LockMode): FlockResult {
    return this.#descriptor === undefined ? 'unavailable' : this.#tryFlock(this.#descriptor, mode)
  }

  /** Reports whether the directory can be locked in shared mode, so that no exclusive flock exists. Holds nothing afterwards. */
  canShare(): boolean {
    const probe = LockDirectory.open(this.path, this.#tryFlock)
    try {
      return probe.identity === this.identity && probe.tryFlock('shared') === 'held'
    } finally {
      probe.close()
    }
  }

  /** Reports whether the path leads to this directory. */
  isAtPath(): boolean {
    try {
      return identityOf(fs.statSync(this.absolutePath, BIGINT)) === this.identity
    } catch {
      return false
    }
  }

  /** Reports whether `descriptor` of this process is the one that carries the flock. */
  isOwnDescriptor(descriptor: number): boolean {
    return descriptor === this.#descriptor
  }

  /** Closes the descriptor, which releases the flock. Idempotent: its number may belong to another file afterwards. */
  close(): void {
    const descriptor = this.#descriptor
    this.#descriptor = undefined
    if (descriptor !== undefined) fs.closeSync(descriptor)
  }
}

function openDescriptor(path: string): number | undefined {
  try {
    return fs.openSync(nodePath.resolve(path), O_DIRECTORY)
  } catch (error) {
    if (NO_DESCRIPTOR.has(errnoOf(error) ?? '')) return undefined
    throw nodeError(error, { operation: 'lock', file: path })
  }
}

function fileSystemOf(path: string): string {
  if (process.platform !== 'linux') return LOCK_UNKNOWN
  try {
    // On 32-bit systems the number is negative when its highest bit is set.
    return BigInt.asUintN(32, fs.statfsSync(path, BIGINT).type).toString(16)
  } catch {
    return LOCK_UNKNOWN
  }
}
