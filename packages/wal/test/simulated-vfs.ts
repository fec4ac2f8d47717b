// An in-memory file system that simulates power loss: unsynced writes survive or are lost sector by sector, directory
// entries one by one.
import { LdbError } from '@ldb/base'
import { ManualTime, SeededRandom } from '@ldb/vfs'
import type { FileStatus, OpenMode, Vfs, VfsFile, VfsLock } from '@ldb/vfs'

const SECTOR_BYTES = 512

/** An unsynced change of a file. */
type Change = { offset: number; bytes: Uint8Array } | { length: number }

class Inode {
  current = new Uint8Array(0)
  durable = new Uint8Array(0)
  changes: Change[] = []
}

interface EntryChange {
  path: string
  inode: Inode | undefined
}

/** Decides for each unsynced change whether it survives a crash. */
export type CrashChoice = (kind: 'write' | 'length' | 'entry') => boolean

export const KEEP_ALL: CrashChoice = () => true
export const KEEP_NONE: CrashChoice = () => false

function resized(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(length)
  result.set(bytes.subarray(0, Math.min(length, bytes.length)))
  return result
}

function applyChange(bytes: Uint8Array<ArrayBuffer>, change: Change): Uint8Array<ArrayBuffer> {
  if ('length' in change) return resized(bytes, change.length)
  const end = change.offset + change.bytes.length
  const result = end > bytes.length ? resized(bytes, end) : bytes
  result.set(change.bytes, change.offset)
  return result
}

export class SimulatedVfs implements Vfs {
  readonly clock: Vfs['clock']
  readonly scheduler: Vfs['scheduler']
  readonly random: Vfs['random']
  /** All operations, for example `'write log/0000000001.wal 8192+64'`. */
  readonly trace: string[] = []
  /** Called before each change and sync; may throw. */
  onOperation: ((operation: string, path: string) => void) | undefined
  readonly directories = new Set<string>(['', '.', '/'])
  #entries = new Map<string, Inode>()
  #durableEntries = new Map<string, Inode>()
  #entryChanges: EntryChange[] = []
  /** Number of crashes. Handles opened before the last crash are dead. */
  #life = 0

  constructor(seed = 1) {
    const time = new ManualTime()
    this.clock = time
    this.scheduler = time
    this.random = new SeededRandom(seed)
  }

  note(operation: string, path: string, details = ''): void {
    this.onOperation?.(operation, path)
    this.trace.push(`${operation} ${path}${details}`)
  }

  open(path: string, mode: OpenMode): VfsFile {
    let inode = this.#entries.get(path)
    if (inode !== undefined && mode === 'createNew') throw new LdbError('LDB_EXISTS', path)
    if (inode === undefined) {
      if (mode === 'read' || mode === 'write') throw new LdbError('LDB_NOT_FOUND', path)
      this.note('create', path)
      inode = new Inode()
      this.#setEntry(path, inode)
    }
    const life = this.#life
    return new SimulatedFile(this, path, inode, mode !== 'read', () => life === this.#life)
  }

  status(path: string): FileStatus | undefined {
    if (this.directories.has(path)) return { kind: 'directory', length: 0, identity: path }
    const inode = this.#entries.get(path)
    return inode && { kind: 'file', length: inode.current.length, identity: path }
  }

  list(path: string): string[] {
    const prefix = `${path}/`
    const paths = [...this.#entries.keys(), ...this.directories]
    return paths
      .filter((one) => one.startsWith(prefix))
      .map((one) => one.slice(prefix.length))
      .sort()
  }

  makeDirectory(path: string): void {
    this.note('makeDirectory', path)
    this.directories.add(path)
  }

  rename(source: string, target: string): void {
    this.note('rename', source, ` ${target}`)
    const inode = this.#entries.get(source)
    if (inode === undefined) throw new LdbError('LDB_NOT_FOUND', source)
    this.#setEntry(source, undefined)
    this.#setEntry(target, inode)
  }

  remove(path: string): void {
    this.note('remove', path)
    if (!this.#entries.has(path)) throw new LdbError('LDB_NOT_FOUND', path)
    this.#setEntry(path, undefined)
  }

  removeDirectory(path: string): void {
    this.directories.delete(path)
  }

  syncDirectory(path: string): void {
    this.note('syncDirectory', path)
    this.#durableEntries = new Map(this.#entries)
    this.#entryChanges = []
  }

  lock(): VfsLock {
    throw new LdbError('LDB_UNSUPPORTED', 'the log takes no lock')
  }

  /** Simulates power loss: keeps the unsynced changes that `keep` selects. */
  crash(keep: CrashChoice): void {
    this.#life++
    const entries = new Map(this.#durableEntries)
    for (const { path, inode } of this.#entryChanges) {
      if (!keep('entry')) continue
      if (inode === undefined) entries.delete(path)
      else entries.set(path, inode)
    }
    this.#entries = entries
    this.#durableEntries = new Map(entries)
    this.#entryChanges = []
    for (const inode of new Set(entries.values())) {
      inode.current = contentAfterCrash(inode, keep)
      inode.durable = inode.current.slice()
      inode.changes = []
    }
    this.onOperation = undefined
  }

  /** Returns the content of a file. Changes to the returned bytes are durable. */
  content(path: string): Uint8Array {
    const inode = this.#entries.get(path)
    if (inode === undefined) throw new LdbError('LDB_NOT_FOUND', path)
    return inode.current
  }

  replaceContent(path: string, bytes: Uint8Array): void {
    const inode = this.#entries.get(path) ?? new Inode()
    inode.current = bytes.slice()
    inode.durable = bytes.slice()
    inode.changes = []
    this.#entries.set(path, inode)
    this.#durableEntries.set(path, inode)
  }

  deleteContent(path: string): void {
    this.#entries.delete(path)
    this.#durableEntries.delete(path)
  }

  #setEntry(path: string, inode: Inode | undefined): void {
    if (inode === undefined) this.#entries.delete(path)
    else this.#entries.set(path, inode)
    this.#entryChanges.push({ path, inode })
  }
}

/** Applies each unsynced sector and length change that `keep` selects. */
function contentAfterCrash(inode: Inode, keep: CrashChoice): Uint8Array<ArrayBuffer> {
  let bytes = inode.durable.slice()
  for (const change of inode.changes) {
    if ('length' in change) {
      if (keep('length')) bytes = applyChange(bytes, change)
      continue
    }
    for (let start = 0; start < change.bytes.length;) {
      const offset = change.offset + start
      const end = Math.min(change.bytes.length, start + SECTOR_BYTES - (offset % SECTOR_BYTES))
      if (keep('write')) bytes = applyChange(bytes, { offset, bytes: change.bytes.subarray(start, end) })
      start = end
    }
  }
  return bytes
}

class SimulatedFile implements VfsFile {
  readonly path: string
  readonly #vfs: SimulatedVfs
  readonly #inode: Inode
  readonly #writable: boolean
  readonly #isAlive: () => boolean

  constructor(vfs: SimulatedVfs, path: string, inode: Inode, writable: boolean, isAlive: () => boolean) {
    this.path = path
    this.#vfs = vfs
    this.#inode = inode
    this.#writable = writable
    this.#isAlive = isAlive
  }

  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number {
    const bytes = this.#inode.current.subarray(fileOffset, fileOffset + byteCount)
    target.set(bytes, targetOffset)
    return bytes.length
  }

  write(source: Uint8Array, sourceOffset: number, byteCount: number, fileOffset: number): void {
    this.#changing()
    const bytes = source.slice(sourceOffset, sourceOffset + byteCount)
    const change = { offset: fileOffset, bytes }
    try {
      this.#vfs.note('write', this.path, ` ${fileOffset}+${byteCount}`)
    } catch (error) {
      // A failed or interrupted write may have written most of its bytes.
      this.#apply({ offset: fileOffset, bytes: bytes.subarray(0, byteCount - 1) })
      throw error
    }
    this.#apply(change)
  }

  sync(): void {
    this.#changing()
    this.#vfs.note('sync', this.path)
    this.#inode.durable = this.#inode.current.slice()
    this.#inode.changes = []
  }

  truncate(length: number): void {
    this.#changing()
    this.#vfs.note('truncate', this.path, ` ${length}`)
    this.#apply({ length })
  }

  length(): number {
    return this.#inode.current.length
  }

  preallocate(length: number): void {
    const present = this.#inode.current.length
    if (length <= present) return
    this.#changing()
    this.#vfs.note('preallocate', this.path, ` ${length}`)
    this.#apply({ offset: present, bytes: new Uint8Array(length - present) })
  }

  close(): void {}

  readAsync(...parts: [Uint8Array, number, number, number]): Promise<number> {
    return Promise.resolve().then(() => this.read(...parts))
  }

  writeAsync(...parts: [Uint8Array, number, number, number]): Promise<void> {
    return Promise.resolve().then(() => this.write(...parts))
  }

  syncAsync(): Promise<void> {
    return Promise.resolve().then(() => this.sync())
  }

  #changing(): void {
    if (!this.#isAlive() || !this.#writable)
      throw new LdbError('LDB_IO', `the handle of ${this.path} is dead`)
  }

  #apply(change: Change): void {
    this.#inode.changes.push(change)
    this.#inode.current = applyChange(this.#inode.current, change)
  }
}
