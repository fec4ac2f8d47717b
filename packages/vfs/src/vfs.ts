import type { Clock, RandomSource, Scheduler } from './time/environment.js'

/**
 * How a file is opened.
 *
 * - `read`: must exist; writes are refused.
 * - `write`: must exist; read and write.
 * - `create`: read and write; created when absent (mode 0600).
 * - `createNew`: read and write; LDB_EXISTS when there already.
 *
 * @category Files
 */
export type OpenMode = 'read' | 'write' | 'create' | 'createNew'

/** What stands at a path. @category Files */
export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'other'
  /** Length in bytes; 0 for directories. */
  readonly length: number
  /** Identity of the file, equal for every path that leads to it: `'device:inode'`. */
  readonly identity: string
}

/**
 * An open file. All offsets are explicit; there is no position. Every method throws `LDB_IO`, or `LDB_NO_SPACE` when
 * the device or the quota is full, with the file, the operation and the errno in its details.
 *
 * @category Files
 */
export interface VfsFile {
  readonly path: string

  /**
   * Reads up to `byteCount` bytes at `fileOffset` into `target` from `targetOffset` on, until all are there or the
   * file ends, and gives the number read.
   */
  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number
  /** Writes all `byteCount` bytes, whatever number of system calls that takes, or throws. */
  write(source: Uint8Array, sourceOffset: number, byteCount: number, fileOffset: number): void
  /** Makes data, and the length needed to read it, durable on the device (fdatasync). */
  sync(): void
  /** Cuts or extends (with zeros) the file to `length` bytes. */
  truncate(length: number): void
  length(): number
  /**
   * Fills the file with real zeros from its present end to `length`, so that later writes below it allocate nothing.
   * No effect when the file is that long already. Does not sync.
   */
  preallocate(length: number): void
  /** Idempotent. */
  close(): void

  readAsync(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): Promise<number>
  writeAsync(source: Uint8Array, sourceOffset: number, byteCount: number, fileOffset: number): Promise<void>
  syncAsync(): Promise<void>
}

/** A lock that is held. @category Files */
export interface VfsLock {
  /** Throws `LDB_POISONED` when somebody else has taken the lock away. */
  assertHeld(): void
  /** Idempotent. */
  release(): void
}

/**
 * Files, clock, randomness and scheduling: all of the outside world that LDB touches. Paths use `/`; the
 * implementation gives them their meaning.
 *
 * @category Files
 */
export interface Vfs {
  readonly clock: Clock
  readonly random: RandomSource
  readonly scheduler: Scheduler

  /** @throws {@link LdbError} LDB_NOT_FOUND, LDB_EXISTS, LDB_READ_ONLY (read-only file system), LDB_IO, LDB_NO_SPACE. */
  open(path: string, mode: OpenMode): VfsFile
  /** Returns what is at a path, or `undefined` when nothing is. Does not follow a symbolic link at its end. */
  status(path: string): FileStatus | undefined
  /** Names in a directory, sorted, without `.` and `..`. LDB_NOT_FOUND when it is absent. */
  list(path: string): string[]
  /** Creates a directory (mode 0700); its parent must exist. LDB_EXISTS when something is there. */
  makeDirectory(path: string): void
  /** Renames a file or directory, replacing a file at `target`. Not durable until the directory is synced. */
  rename(source: string, target: string): void
  /** Removes a file. LDB_NOT_FOUND when it is absent. */
  remove(path: string): void
  /** As `remove`, without blocking: a large file may take a while. Absent where nothing would block. */
  removeAsync?(path: string): Promise<void>
  /** Removes an empty directory. */
  removeDirectory(path: string): void
  /** Makes the entries of a directory durable. */
  syncDirectory(path: string): void
  /** As `syncDirectory`, without blocking. Absent where nothing would block. */
  syncDirectoryAsync?(path: string): Promise<void>
  /**
   * Takes the exclusive lock of a directory, writing `LOCK` into it.
   *
   * @throws {@link LdbError} LDB_LOCKED, with the holder in message and details, when another opener in this or
   * another process holds it; LDB_READ_ONLY on a read-only file system. A lock whose holder is dead is taken over.
   */
  lock(directory: string): VfsLock
}
