import { isLdbError, optionalMember } from '@ldb/base'
import { blobFileNumber } from '@ldb/blob'
import { DirectorySync, FileRemoval, resolvePath } from '@ldb/vfs'
import type {
  DeadlineSync,
  FilePath,
  FileStatus,
  LockMode,
  OpenMode,
  PinnedDirectory,
  Vfs,
  VfsFile,
  VfsLock,
} from '@ldb/vfs'
import { blobsPath, keyspacesPath, logPath } from '../catalog/directory-layout.js'
import type { ReserveFile } from './reserve-file.js'

/**
 * Pages leave this much of the reserve for what must precede them: the lock, a segment of the log, the commits of deletes and a
 * catalog.
 */
export const PAGES_FLOOR_BYTES = 65_536
/** A replay leaves less: the lock and the segment are there, and values that do not fit would prevent every later open too. */
const REPLAY_FLOOR_BYTES = 32_768
/** What is released for a new file or directory entry. */
const ENTRY_BYTES = 4096

/**
 * A file system whose writes draw on the reserve when the device is full: the operation is repeated after space was released.
 *
 * @remarks Only calls that change nothing when they fail are repeated: writes at explicit offsets, and calls that create a name. A
 * failed sync is never repeated (C3). Draws are refused for blob files, except compacted copies, for the records of commits that write entries, see
 * {@link ReservingVfs.mayDrawForLog}, and within {@link ReservingVfs.withoutReserve}.
 */
export class ReservingVfs implements Vfs {
  readonly clock: Vfs['clock']
  readonly random: Vfs['random']
  readonly scheduler: Vfs['scheduler']
  readonly link?: (source: string, target: string) => void
  readonly copy?: (source: string, target: string) => void
  readonly freeBytes?: (path: string) => number | undefined
  /** Reports whether the records that the log is about to write may use the reserve. The log sets it when it is open. */
  mayDrawForLog: () => boolean = () => true
  /** Returns the space of zeros that the log has preallocated, which is used before the reserve. The log sets it when it is open. */
  releaseZeros: () => boolean = () => false
  /** True until the log is replayed. */
  isReplaying = true
  readonly #below: Vfs
  readonly #reserve: ReserveFile
  readonly #logPrefix: string
  readonly #pagesPrefix: string
  readonly #blobsPrefix: string
  #isSuspended = false

  constructor(below: Vfs, directory: string, reserve: ReserveFile) {
    this.clock = below.clock
    this.random = below.random
    this.scheduler = below.scheduler
    this.#below = below
    this.#reserve = reserve
    this.#logPrefix = `${logPath(directory)}/`
    this.#pagesPrefix = `${keyspacesPath(directory)}/`
    this.#blobsPrefix = `${blobsPath(directory)}/`
    const link = optionalMember(below, 'link')
    const copy = optionalMember(below, 'copy')
    const freeBytes = optionalMember(below, 'freeBytes')
    if (link !== undefined) this.link = link.bind(below)
    if (copy !== undefined) this.copy = copy.bind(below)
    if (freeBytes !== undefined) this.freeBytes = freeBytes.bind(below)
  }

  /** Runs a step whose writes must not use the reserve. */
  withoutReserve<T>(step: () => T): T {
    this.#isSuspended = true
    try {
      return step()
    } finally {
      this.#isSuspended = false
    }
  }

  /**
   * Repeats an operation that failed because the device is full, as long as space can be released for it.
   *
   * @param error - why it failed.
   * @param byteCount - bytes that it needs.
   * @throws its last error.
   */
  repeat<T>(error: unknown, path: string, byteCount: number, operation: () => T): T {
    let last = error
    while (isFull(last) && this.#release(path, byteCount)) {
      try {
        return operation()
      } catch (again) {
        last = again
      }
    }
    throw last
  }

  absolutePath(path: FilePath): string {
    return resolvePath(this.#below, path)
  }

  pinDirectory(path: string): PinnedDirectory | undefined {
    return optionalMember(this.#below, 'pinDirectory')?.call(this.#below, path)
  }

  open(path: string, mode: OpenMode): VfsFile {
    if (mode === 'read') return this.#below.open(path, mode)
    return new ReservingFile(
      this,
      this.#creating(path, () => this.#below.open(path, mode)),
    )
  }

  status(path: string): FileStatus | undefined {
    return this.#below.status(path)
  }

  list(path: string): string[] {
    return this.#below.list(path)
  }

  makeDirectory(path: string): void {
    this.#creating(path, () => {
      this.#below.makeDirectory(path)
    })
  }

  rename(source: string, target: string): void {
    this.#creating(target, () => {
      this.#below.rename(source, target)
    })
  }

  remove(path: string): void {
    this.#below.remove(path)
  }

  async removeAsync(path: string): Promise<void> {
    await new FileRemoval(this.#below, path).syncAsync()
  }

  removeDirectory(path: string): void {
    this.#below.removeDirectory(path)
  }

  syncDirectory(path: string): void {
    this.#below.syncDirectory(path)
  }

  async syncDirectoryAsync(path: string): Promise<void> {
    await new DirectorySync(this.#below, path).syncAsync()
  }

  lock(directory: string, mode?: LockMode): VfsLock {
    return this.#creating(directory, () => this.#below.lock(directory, mode))
  }

  /** A replay writes again what an earlier process wrote to the files of the stores, and what did not fit any more. */
  #pagesFloor(): number {
    return this.isReplaying ? REPLAY_FLOOR_BYTES : PAGES_FLOOR_BYTES
  }

  #releaseZeros(): boolean {
    try {
      return this.releaseZeros()
    } catch (error) {
      if (!isLdbError(error)) throw error
      return false
    }
  }

  #creating<T>(path: string, operation: () => T): T {
    try {
      return operation()
    } catch (error) {
      return this.repeat(error, path, ENTRY_BYTES, operation)
    }
  }

  #release(path: string, byteCount: number): boolean {
    if (!path.startsWith(this.#logPrefix) && this.#releaseZeros()) return true
    if (this.#isSuspended || (path.startsWith(this.#logPrefix) && !this.mayDrawForLog())) return false
    const isBlob = path.startsWith(this.#blobsPrefix)
    // Large values belong to commits that write entries. A compacted copy returns more than it takes.
    const isAppended = isBlob && blobFileNumber(path.slice(this.#blobsPrefix.length)) !== undefined
    if (isAppended && !this.isReplaying) return false
    const floor = isBlob || path.startsWith(this.#pagesPrefix) ? this.#pagesFloor() : 0
    return this.#reserve.release(byteCount, floor)
  }
}

/** A file open for writing. */
class ReservingFile implements VfsFile {
  readonly path: string
  readonly #vfs: ReservingVfs
  readonly #file: VfsFile

  constructor(vfs: ReservingVfs, file: VfsFile) {
    this.path = file.path
    this.#vfs = vfs
    this.#file = file
  }

  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number {
    return this.#file.read(target, targetOffset, byteCount, fileOffset)
  }

  write(source: Uint8Array, sourceOffset: number, byteCount: number, fileOffset: number): void {
    try {
      this.#file.write(source, sourceOffset, byteCount, fileOffset)
    } catch (error) {
      this.#vfs.repeat(error, this.path, byteCount, () => {
        this.#file.write(source, sourceOffset, byteCount, fileOffset)
      })
    }
  }

  sync(): void {
    this.#file.sync()
  }

  truncate(length: number): void {
    try {
      this.#file.truncate(length)
    } catch (error) {
      this.#vfs.repeat(error, this.path, ENTRY_BYTES, () => {
        this.#file.truncate(length)
      })
    }
  }

  length(): number {
    return this.#file.length()
  }

  identity(): string | undefined {
    return optionalMember(this.#file, 'identity')?.call(this.#file)
  }

  deadlineSync(): DeadlineSync | undefined {
    return optionalMember(this.#file, 'deadlineSync')?.call(this.#file)
  }

  /** Zeros never use the reserve. */
  preallocate(length: number): void {
    this.#file.preallocate(length)
  }

  close(): void {
    this.#file.close()
  }

  readAsync(
    target: Uint8Array,
    targetOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<number> {
    return this.#file.readAsync(target, targetOffset, byteCount, fileOffset)
  }

  async writeAsync(
    source: Uint8Array,
    sourceOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<void> {
    try {
      await this.#file.writeAsync(source, sourceOffset, byteCount, fileOffset)
    } catch (error) {
      this.#vfs.repeat(error, this.path, byteCount, () => {
        this.#file.write(source, sourceOffset, byteCount, fileOffset)
      })
    }
  }

  syncAsync(): Promise<void> {
    return this.#file.syncAsync()
  }
}

/** Reports whether free space on the device, or in the quota, would help. A limit of the file size has the same code. */
function isFull(error: unknown): boolean {
  return isLdbError(error, 'LDB_NO_SPACE') && error.details.errno !== 'EFBIG'
}
