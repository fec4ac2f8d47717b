import type { DeadlineSync } from './environment/deadline-sync.js'
import type { Clock, RandomSource, Scheduler } from './environment/environment.js'
import type { FilePath } from './file-path.js'

/**
 * Mode in which a file is opened.
 *
 * - `read`: read only; the file must exist. Writes fail with LDB_READ_ONLY.
 * - `write`: read and write; the file must exist.
 * - `create`: read and write; creates the file when it is absent (mode 0600).
 * - `createNew`: read and write; creates the file, and fails with LDB_EXISTS when the path exists.
 *
 * @category Files
 */
export type OpenMode = 'read' | 'write' | 'create' | 'createNew'

/** Kind, length and identity of the file at a path. @category Files */
export interface FileStatus {
  /** `other` is neither a regular file nor a directory, for instance a symbolic link. */
  readonly kind: 'file' | 'directory' | 'other'
  /** Length in bytes; 0 unless it is a regular file. */
  readonly length: number
  /** Identity of the file, equal for every path that leads to it; for `NodeVfs`, `'device:inode'`. */
  readonly identity: string
}

/**
 * An open file. All offsets are explicit; there is no file position.
 *
 * @remarks Every method throws `LDB_IO`, `LDB_NO_SPACE` when the device or the quota is full, or `LDB_READ_ONLY` when the file system has
 * become read-only, with the file, the operation and the errno in its details. After `close`, every method but `close` throws `LDB_CLOSED`.
 * A file opened with `read` refuses writes, `truncate` and `preallocate` with `LDB_READ_ONLY`.
 * @category Files
 */
export interface VfsFile {
  /** Path with which the file was opened; absolute where paths depend on a working directory. */
  readonly path: string

  /**
   * Returns the identity of the open file, as {@link FileStatus.identity}. It does not change when the file is renamed or removed.
   * Absent, or `undefined`, where open files have no identity: they are then not compared.
   */
  identity?(): string | undefined

  /**
   * Reads `byteCount` bytes at `fileOffset` into `target` at `targetOffset`.
   *
   * @returns the number of bytes read; less than `byteCount` only at the end of the file.
   */
  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number
  /** Writes `byteCount` bytes of `source` at `fileOffset`: all of them, or it throws. */
  write(source: Uint8Array, sourceOffset: number, byteCount: number, fileOffset: number): void
  /** Makes the written data, and the file length needed to read it, durable (fdatasync). */
  sync(): void
  /** Truncates the file to `length` bytes, or extends it with zeros. */
  truncate(length: number): void
  /** Returns the length of the file in bytes. */
  length(): number
  /**
   * Writes zeros from the end of the file to `length`, so that later writes below `length` allocate no space. No effect when the
   * file is at least that long. On failure the file keeps its length. Does not sync.
   */
  preallocate(length: number): void
  /** Closes the file. Asynchronous operations in flight complete first. Idempotent. */
  close(): void

  /** Does the same as `read` without blocking. */
  readAsync(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): Promise<number>
  /** Does the same as `write` without blocking. The caller leaves `source` unchanged until it resolves. */
  writeAsync(source: Uint8Array, sourceOffset: number, byteCount: number, fileOffset: number): Promise<void>
  /** Does the same as `sync` without blocking. */
  syncAsync(): Promise<void>
  /**
   * Returns a new {@link DeadlineSync} of this file, which the caller closes before the file. Absent where no other thread can sync;
   * `undefined` when none can be created.
   */
  deadlineSync?(): DeadlineSync | undefined
}

/**
 * Mode of the lock of a directory.
 *
 * - `exclusive`: for an opener that writes. No other lock of the directory exists at the same time.
 * - `shared`: for an opener that only reads. Any number of shared locks may exist at the same time.
 *
 * @category Files
 */
export type LockMode = 'exclusive' | 'shared'

/** The held lock of a directory. @category Files */
export interface VfsLock {
  /**
   * Throws `LDB_POISONED` when the lock was released, when its path does not lead to the locked directory (it was moved, replaced or
   * removed), or when the file of an exclusive lock was replaced or removed by another process.
   */
  assertHeld(): void
  /** Releases the lock. Idempotent. */
  release(): void
}

/** A directory whose identity no other directory gets while it is pinned. @category Files */
export interface PinnedDirectory {
  /** Identity of the directory, as {@link FileStatus.identity}. */
  readonly identity: string
  /** Releases the pin. Idempotent. */
  release(): void
}

/**
 * The platform interface of LDB: files, clock, randomness and scheduling. LDB touches the operating system only through it. Paths
 * use `/`; the implementation defines their meaning.
 *
 * @category Files
 */
export interface Vfs {
  readonly clock: Clock
  readonly random: RandomSource
  readonly scheduler: Scheduler

  /**
   * Returns the absolute path that a path or a `file:` URL denotes now. It leads to the same file after the working directory has
   * changed. Absent where paths depend on no working directory; call {@link resolvePath}, which works for both.
   *
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an empty path, a URL with another scheme or with a host, or another type;
   * LDB_NOT_FOUND when a directory before `..` does not exist; LDB_IO when the working directory does not exist.
   */
  absolutePath?(path: FilePath): string
  /**
   * Opens a regular file. Does not follow a symbolic link at the end of the path.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND, LDB_EXISTS, LDB_READ_ONLY (read-only file system), LDB_NO_SPACE, LDB_IO.
   */
  open(path: string, mode: OpenMode): VfsFile
  /** Returns the status of a path, or `undefined` when it does not exist. Does not follow a symbolic link at its end. */
  status(path: string): FileStatus | undefined
  /**
   * Returns the number of bytes that this process can still allocate on the device of an existing path; `undefined` when that is
   * unknown. A quota may allow less. Absent where it is never known.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND, LDB_IO.
   */
  freeBytes?(path: string): number | undefined
  /**
   * Pins a directory, at the cost of a file descriptor: a file system may give the identity of a removed directory to the next one.
   * Follows symbolic links. Returns `undefined` where directories cannot be pinned. Absent where identities are never reused.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND, LDB_IO.
   */
  pinDirectory?(path: string): PinnedDirectory | undefined
  /** Returns the names in a directory, sorted, without `.` and `..`. Throws LDB_NOT_FOUND when it is absent. */
  list(path: string): string[]
  /** Creates a directory (mode 0700). Throws LDB_NOT_FOUND when its parent is absent, LDB_EXISTS when the path exists. */
  makeDirectory(path: string): void
  /** Renames a file or directory, and replaces a file at `target`. Not durable until the directory is synced. */
  rename(source: string, target: string): void
  /**
   * Creates the hard link `target` to the regular file `source`: one file with two names, which exists until both are removed.
   * Not durable until the directory of `target` is synced. Absent on file systems without hard links.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when `source` or the directory of `target` is absent, LDB_EXISTS when `target` exists,
   * LDB_READ_ONLY, LDB_NO_SPACE, LDB_IO when `source` is not a regular file, when both are on different devices, or when this
   * directory's file system has no hard links.
   */
  link?(source: string, target: string): void
  /**
   * Copies the regular file `source` to the new file `target`: as a copy-on-write clone where the file system supports it,
   * otherwise byte by byte. `target` gets the permissions of `source`. On failure no `target` remains. Blocks as long as it copies.
   * Syncs nothing: the copy is durable once `target` and its directory are synced.
   *
   * @throws {@link LdbError} LDB_NOT_FOUND when `source` or the directory of `target` is absent, LDB_EXISTS when `target` exists,
   * LDB_READ_ONLY, LDB_NO_SPACE, LDB_IO when `source` is not a regular file, and as reads and writes do.
   */
  copy?(source: string, target: string): void
  /** Removes a file. Throws LDB_NOT_FOUND when it is absent. Not durable until the directory is synced. */
  remove(path: string): void
  /** Does the same as `remove` without blocking; removing a large file may take long. Absent where `remove` never blocks. */
  removeAsync?(path: string): Promise<void>
  /** Removes an empty directory. Not durable until its parent is synced. */
  removeDirectory(path: string): void
  /** Makes the entries of a directory durable: created, renamed, linked and removed names. */
  syncDirectory(path: string): void
  /** Does the same as `syncDirectory` without blocking. Absent where `syncDirectory` never blocks. */
  syncDirectoryAsync?(path: string): Promise<void>
  /**
   * Acquires the lock of a directory. An exclusive lock writes the file `LOCK` into the directory, and is taken over from a dead
   * holder. A shared lock needs no write access; where the system can hold it without a file, it writes nothing.
   *
   * @param mode - `'shared'` for an opener that only reads.
   * @defaultValue `mode`: `'exclusive'`
   * @throws {@link LdbError} LDB_LOCKED, with the holder in message and details, when another opener in this or another process
   * holds the lock in a mode that excludes this one; LDB_NOT_FOUND when the directory is absent; LDB_READ_ONLY for an exclusive lock
   * on a read-only file system; LDB_IO.
   */
  lock(directory: string, mode?: LockMode): VfsLock
}
