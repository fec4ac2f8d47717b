/**
 * The functions of a C host on which the files, the locks, the clock, the randomness and the timers of this package are built. SPEC.md of
 * `@ldb/ffi` describes them. Paths and names are UTF-8. A call that fails returns the negative number of the error (`-errno`).
 */
export interface HostCalls {
  /** Opens a file with the bits of {@link OPEN_BITS}; returns the descriptor. */
  open(path: Uint8Array, pathBytes: number, bits: number, mode: number): number
  close(descriptor: number): number
  read(descriptor: number, target: Uint8Array, start: number, byteCount: number, fileOffset: number): number
  write(descriptor: number, source: Uint8Array, start: number, byteCount: number, fileOffset: number): number
  sync(descriptor: number, isDataOnly: number): number
  /**
   * Takes over a sync: returns 1, and later passes its result to the function of `onSynced`, with `number`. The descriptor may be closed
   * meanwhile. Returns 0 when the caller has to sync. Hosts that do not take over any have no such function.
   */
  beginSync?(descriptor: number, isDataOnly: number, number: number): number
  /** Names the function that receives the results of the syncs that the host has taken over. */
  onSynced?(finish: (number: number, result: number) => void): void
  truncate(descriptor: number, length: number): number
  /** Stores kind, length, device and inode as four 64-bit integers of the machine's byte order. */
  statDescriptor(descriptor: number, target: Uint8Array): number
  /** As `statDescriptor`, of a path. */
  status(path: Uint8Array, pathBytes: number, isFollowing: number, target: Uint8Array): number
  /** Stores block size, blocks, free blocks, free blocks for other users and the type of the file system. */
  statFileSystem(path: Uint8Array, pathBytes: number, target: Uint8Array): number
  /** Stores the names in a directory, each followed by a zero byte; returns their length, which may exceed `target`. */
  list(path: Uint8Array, pathBytes: number, target: Uint8Array): number
  makeDirectory(path: Uint8Array, pathBytes: number, mode: number): number
  removeDirectory(path: Uint8Array, pathBytes: number): number
  remove(path: Uint8Array, pathBytes: number): number
  rename(source: Uint8Array, sourceBytes: number, target: Uint8Array, targetBytes: number): number
  link(source: Uint8Array, sourceBytes: number, target: Uint8Array, targetBytes: number): number
  /** Copies a file to a new file, as a clone where the file system has them. */
  copy(source: Uint8Array, sourceBytes: number, target: Uint8Array, targetBytes: number): number
  realPath(path: Uint8Array, pathBytes: number, target: Uint8Array): number
  readLink(path: Uint8Array, pathBytes: number, target: Uint8Array): number
  workingDirectory(target: Uint8Array): number
  hostName(target: Uint8Array): number
  errorName(errno: number, target: Uint8Array): number
  processId(): number
  userId(): number
  /** Returns 0 when the process exists and may be signalled. */
  findProcess(pid: number): number
  /** flock(2) without waiting. */
  lockDescriptor(descriptor: number, isShared: number): number
  /** Binds the abstract socket of a name; returns its descriptor. */
  bindSocket(name: Uint8Array, nameBytes: number): number
  /** SHA-256 of `source` into 32 bytes of `target`. */
  sha256(source: Uint8Array, byteCount: number, target: Uint8Array): number
  now(): number
  monotonic(): number
  random(target: Uint8Array): number
  /** Names the function that runs the tasks that are due. */
  onTimer(runDue: () => number): void
  /** Requests a call of that function after `delayMs`; replaces the previous request. Negative: none. */
  setTimer(delayMs: number): void
}

declare const ldbHost: HostCalls

/** The host: a parameter of the function in which a portable bundle runs, not a global. */
export const host: HostCalls = ldbHost

/** Bits of `open`. */
export const OPEN_BITS = {
  write: 1,
  create: 2,
  exclusive: 4,
  noFollow: 8,
  nonBlocking: 16,
  directory: 32,
} as const
