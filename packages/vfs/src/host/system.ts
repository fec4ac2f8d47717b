import { decodeUtf8, encodeUtf8 } from '@ldb/base'
import type { SystemFileCall, SystemFiles, SystemProcess } from '../node/system-files.js'
import { host, OPEN_BITS } from './host-calls.js'
import { errnoNameOf, succeed } from './system-error.js'
import { TEXT_BYTES, textOf, workingDirectory } from './working-directory.js'

/**
 * The counterpart of `node/system.ts` for a C host: the calls of `node:fs` that this package makes, with the arguments, results and
 * errors of Node.js, so that one implementation of the rules of SPEC.md serves both.
 */

export { nodePath } from './paths.js'

/** Kinds of files, as `status` stores them. */
const KIND_FILE = 1
const KIND_DIRECTORY = 2
/** Bytes of the buffer for the names in a directory; it grows to what a directory needs. */
const NAMES_BYTES = 16_384

type Done<T> = (error: Error | null, result?: T) => void

const words = new BigInt64Array(8)
const wordBytes = new Uint8Array(words.buffer)

const calls: Record<SystemFileCall, unknown> = {
  constants: {
    O_RDONLY: 0,
    O_WRONLY: OPEN_BITS.write,
    O_RDWR: OPEN_BITS.write,
    O_CREAT: OPEN_BITS.create,
    O_EXCL: OPEN_BITS.exclusive,
    O_NOFOLLOW: OPEN_BITS.noFollow,
    O_NONBLOCK: OPEN_BITS.nonBlocking,
    O_DIRECTORY: OPEN_BITS.directory,
    COPYFILE_EXCL: 1,
    COPYFILE_FICLONE: 2,
  },
  openSync,
  closeSync: (descriptor: number) => void succeed(host.close(descriptor), 'close'),
  readSync: (descriptor: number, target: Uint8Array, start: number, byteCount: number, offset: number) =>
    succeed(host.read(descriptor, target, start, byteCount, offset), 'read'),
  writeSync: (descriptor: number, source: Uint8Array, start: number, byteCount: number, offset: number) =>
    succeed(host.write(descriptor, source, start, byteCount, offset), 'write'),
  fsyncSync: (descriptor: number) => void succeed(host.sync(descriptor, 0), 'fsync'),
  fdatasyncSync: (descriptor: number) => void succeed(host.sync(descriptor, 1), 'fdatasync'),
  ftruncateSync: (descriptor: number, length: number) =>
    void succeed(host.truncate(descriptor, length), 'ftruncate'),
  fstatSync(descriptor: number, options?: { readonly bigint: true }): unknown {
    succeed(host.statDescriptor(descriptor, wordBytes), 'fstat')
    return statusOf(options)
  },
  lstatSync: (path: string, options?: { readonly bigint: true }) => statusAt(path, 0, options),
  statSync: (path: string, options?: { readonly bigint: true }) => statusAt(path, 1, options),
  statfsSync,
  readdirSync,
  mkdirSync: (path: string, options: { readonly mode: number }) =>
    void onPath('mkdir', path, (bytes) => host.makeDirectory(bytes, bytes.length, options.mode)),
  rmdirSync: (path: string) =>
    void onPath('rmdir', path, (bytes) => host.removeDirectory(bytes, bytes.length)),
  unlinkSync,
  renameSync: (source: string, target: string) =>
    void onPaths('rename', source, target, (a, b) => host.rename(a, a.length, b, b.length)),
  linkSync: (source: string, target: string) =>
    void onPaths('link', source, target, (a, b) => host.link(a, a.length, b, b.length)),
  copyFileSync: (source: string, target: string) =>
    void onPaths('copyfile', source, target, (a, b) => host.copy(a, a.length, b, b.length)),
  readlinkSync: (path: string) => textAt('readlink', path, (...bytes) => host.readLink(...bytes)),
  realpathSync: { native: (path: string) => textAt('realpath', path, (...bytes) => host.realPath(...bytes)) },
  readFileSync,
  writeFileSync,
  rmSync,
  // There is no thread pool: these complete before they return, except for syncs that the host takes over.
  open: (path: string, flags: number, done: Done<number>) => {
    complete(done, () => openSync(path, flags))
  },
  read: (...[descriptor, target, start, byteCount, offset, done]: [...TransferArguments, Done<number>]) => {
    complete(done, () => succeed(host.read(descriptor, target, start, byteCount, offset), 'read'))
  },
  write: (...[descriptor, source, start, byteCount, offset, done]: [...TransferArguments, Done<number>]) => {
    complete(done, () => succeed(host.write(descriptor, source, start, byteCount, offset), 'write'))
  },
  fsync: (descriptor: number, done: Done<number>) => {
    syncLater(descriptor, 0, 'fsync', done)
  },
  fdatasync: (descriptor: number, done: Done<number>) => {
    syncLater(descriptor, 1, 'fdatasync', done)
  },
  unlink: (path: string, done: Done<void>) => {
    complete(done, () => {
      unlinkSync(path)
    })
  },
}

/** A sync that the host has taken over. */
interface SyncInFlight {
  readonly call: string
  readonly done: Done<number>
}

/** Syncs that the host has taken over, by their numbers. */
const inFlight: Map<number, SyncInFlight> = new Map()
let lastNumber = 0

host.onSynced?.((number, result) => {
  const sync = inFlight.get(number)
  inFlight.delete(number)
  if (sync !== undefined) complete(sync.done, () => succeed(result, sync.call))
})

function syncLater(descriptor: number, isDataOnly: number, call: string, done: Done<number>): void {
  const number = ++lastNumber
  if (host.beginSync?.(descriptor, isDataOnly, number) === 1) inFlight.set(number, { call, done })
  else complete(done, () => succeed(host.sync(descriptor, isDataOnly), call))
}

type TransferArguments = [
  descriptor: number,
  bytes: Uint8Array,
  start: number,
  byteCount: number,
  offset: number,
]

/** The calls of `node:fs` that this package makes. */
export const fs: SystemFiles = calls as unknown as SystemFiles

/** The process that has loaded the library. */
export const process: SystemProcess = {
  get pid(): number {
    return host.processId()
  },
  platform: 'linux',
  cwd: workingDirectory,
  getuid: () => host.userId(),
  kill: (pid) => succeed(host.findProcess(pid), 'kill'),
  // A library does not print.
  emitWarning: () => undefined,
}

export const devNull = '/dev/null'

export function hostname(): string {
  return textOf((target) => host.hostName(target), 'gethostname')
}

export function monotonicMs(): number {
  return host.monotonic()
}

/** Every error of this host has its name. */
export const errnoByName: Readonly<Record<string, number>> = {}

/** Names of the numbers that a caller asks for. */
export function getSystemErrorMap(): ReadonlyMap<number, readonly [name: string, message: string]> {
  return { get: (errno: number) => [errnoNameOf(Math.abs(errno)), ''] } as unknown as ReadonlyMap<
    number,
    readonly [string, string]
  >
}

/** Paths of the library are plain paths. */
export function fileURLToPath(): never {
  throw Object.assign(new Error('a path of this library is not a URL'), { code: 'EINVAL' })
}

function openSync(path: string, flags: number | 'r', mode = 0): number {
  const bits = flags === 'r' ? 0 : flags
  return onPath('open', path, (bytes) => host.open(bytes, bytes.length, bits, mode))
}

function unlinkSync(path: string): void {
  onPath('unlink', path, (bytes) => host.remove(bytes, bytes.length))
}

function rmSync(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== 'ENOENT') throw error
  }
}

function statusAt(
  path: string,
  isFollowing: number,
  options: { readonly bigint: true } | undefined,
): unknown {
  onPath('stat', path, (bytes) => host.status(bytes, bytes.length, isFollowing, wordBytes))
  return statusOf(options)
}

function statusOf(options: { readonly bigint: true } | undefined): unknown {
  const [kind = 0n, size = 0n, dev = 0n, ino = 0n] = words
  const isFile = (): boolean => Number(kind) === KIND_FILE
  const isDirectory = (): boolean => Number(kind) === KIND_DIRECTORY
  if (options?.bigint === true) return { isFile, isDirectory, size, dev, ino }
  return { isFile, isDirectory, size: Number(size), dev: Number(dev), ino: Number(ino) }
}

function statfsSync(path: string, options?: { readonly bigint: true }): unknown {
  onPath('statfs', path, (bytes) => host.statFileSystem(bytes, bytes.length, wordBytes))
  const [bsize = 0n, blocks = 0n, bfree = 0n, bavail = 0n, type = 0n] = words
  if (options?.bigint === true) return { bsize, blocks, bfree, bavail, type }
  return {
    bsize: Number(bsize),
    blocks: Number(blocks),
    bfree: Number(bfree),
    bavail: Number(bavail),
    type: Number(type),
  }
}

function readdirSync(path: string): string[] {
  let target = new Uint8Array(NAMES_BYTES)
  for (;;) {
    const length = onPath('scandir', path, (bytes) => host.list(bytes, bytes.length, target))
    if (length <= target.length) {
      return length === 0 ? [] : decodeUtf8(target.subarray(0, length - 1)).split('\0')
    }
    target = new Uint8Array(length * 2)
  }
}

/** Reads a whole file of text in which each byte is a character. */
function readFileSync(path: string): string {
  const descriptor = openSync(path, 0)
  try {
    const chunk = new Uint8Array(TEXT_BYTES)
    let text = ''
    for (;;) {
      const count = succeed(host.read(descriptor, chunk, 0, chunk.length, text.length), 'read')
      if (count === 0) return text
      for (let index = 0; index < count; index++) text += String.fromCharCode(chunk[index] as number)
    }
  } finally {
    host.close(descriptor)
  }
}

/** Writes text in which each character is a byte to an open file. */
function writeFileSync(descriptor: number, text: string): void {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0))
  for (let done = 0; done < bytes.length;) {
    done += succeed(host.write(descriptor, bytes, done, bytes.length - done, done), 'write')
  }
}

function textAt(
  call: string,
  path: string,
  read: (path: Uint8Array, pathBytes: number, target: Uint8Array) => number,
): string {
  const bytes = pathBytesOf(path)
  return textOf((target) => read(bytes, bytes.length, target), call)
}

function onPath(call: string, path: string, run: (bytes: Uint8Array) => number): number {
  return succeed(run(pathBytesOf(path)), call)
}

function onPaths(
  call: string,
  source: string,
  target: string,
  run: (source: Uint8Array, target: Uint8Array) => number,
): number {
  return succeed(run(pathBytesOf(source), pathBytesOf(target)), call)
}

/** The system would end a path at a zero character. */
function pathBytesOf(path: string): Uint8Array {
  if (path.includes('\0')) throw Object.assign(new Error('a path with a zero'), { code: 'EINVAL' })
  return encodeUtf8(path)
}

function complete<T>(done: Done<T>, call: () => T): void {
  let result: T
  try {
    result = call()
  } catch (error) {
    done(error as Error)
    return
  }
  done(null, result)
}
