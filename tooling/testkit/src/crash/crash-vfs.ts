import { fileError, ManualTime, SeededRandom } from '@ldb/vfs'
import type { FileStatus, LockMode, OpenMode, Vfs, VfsFile, VfsLock } from '@ldb/vfs'
import { CrashDisk } from './disk.js'
import type { DiskContent, DiskOperation } from './disk.js'
import { CrashFile } from './file.js'
import type { CrashInode } from './inode.js'
import { CrashLocks } from './locks.js'
import type { CrashNamespace, CrashNode, EntryLocation } from './namespace.js'
import type { CrashPlan } from './plan.js'

/** @category Crashes */
export interface CrashVfsOptions {
  /** Seed of the file system's random bytes and of the choice of syncs without effect. @defaultValue 1 */
  readonly seed?: number
  /** Fraction of the syncs, of files and directories, that have no effect but report success. @defaultValue 0 */
  readonly lyingSyncs?: number
}

/**
 * An in-memory file system on a disk that may lose power at any moment. {@link CrashVfs.image} returns its content after a
 * power loss.
 *
 * @remarks Each file has durable bytes and pending changes; each directory has durable entries and pending changes. `sync`
 * makes the changes of a file durable, but not its directory entry; `syncDirectory` makes directory entries durable. An image
 * is another file system whose whole content is durable. It shares bytes with this one, copy-on-write. The seed and the
 * sequence of calls determine all behavior.
 * @category Crashes
 */
export class CrashVfs implements Vfs {
  readonly time: ManualTime
  readonly clock: ManualTime
  readonly scheduler: ManualTime
  readonly random: SeededRandom
  readonly #disk: CrashDisk
  readonly #lyingSyncs: number
  readonly #locks: CrashLocks

  /** @param content - initial content, for images. */
  constructor(options: CrashVfsOptions = {}, content?: DiskContent) {
    const { seed = 1, lyingSyncs = 0 } = options
    this.time = new ManualTime()
    this.clock = this.time
    this.scheduler = this.time
    this.random = new SeededRandom(seed)
    this.#disk = new CrashDisk(seed, lyingSyncs, content)
    this.#lyingSyncs = lyingSyncs
    this.#locks = new CrashLocks()
  }

  /** Called after each change and each sync, with its sequence number. */
  get onOperation(): ((operation: DiskOperation, order: number) => void) | undefined {
    return this.#disk.onOperation
  }

  set onOperation(listener: ((operation: DiskOperation, order: number) => void) | undefined) {
    this.#disk.onOperation = listener
  }

  /** Number of syncs that had no effect. */
  get lieCount(): number {
    return this.#disk.lieCount
  }

  /** Number of changes and syncs so far. */
  get operationCount(): number {
    return this.#disk.operationCount
  }

  /** True when no changes are pending. */
  get isClean(): boolean {
    return this.#disk.isClean
  }

  /** Returns the disk after a power loss now or, for a plan of mode `killed`, after a kill of the process. */
  image(plan: CrashPlan): CrashVfs {
    const { seed } = plan
    if (plan.mode === 'killed')
      return new CrashVfs({ seed, lyingSyncs: this.#lyingSyncs }, this.#disk.afterKill())
    return new CrashVfs({ seed }, this.#disk.afterPowerLoss(plan))
  }

  open(path: string, mode: OpenMode): VfsFile {
    const node = this.#names.find(path)
    if (node === undefined && (mode === 'read' || mode === 'write')) {
      this.#names.locate(path, 'open')
      throw fileError('ENOENT', { operation: 'open', file: path })
    }
    if (node?.kind === 'directory') throw fileError('EISDIR', { operation: 'open', file: path })
    if (node !== undefined && mode === 'createNew')
      throw fileError('EEXIST', { operation: 'open', file: path })
    return new CrashFile(this.#disk, path, node ?? this.#create(path), mode !== 'read')
  }

  status(path: string): FileStatus | undefined {
    const node = this.#names.find(path)
    if (node === undefined) return undefined
    return {
      kind: node.kind,
      length: node.kind === 'file' ? node.current.length : 0,
      identity: node.identity,
    }
  }

  list(path: string): string[] {
    return [...this.#names.directory(path, 'list').current.keys()].sort()
  }

  makeDirectory(path: string): void {
    const location = this.#names.locate(path, 'makeDirectory')
    if (location.directory.current.has(location.name)) {
      throw fileError('EEXIST', { operation: 'makeDirectory', file: path })
    }
    this.#disk.changeNames([{ ...location, node: this.#disk.newDirectory() }])
    this.#disk.did('makeDirectory', path)
  }

  rename(source: string, target: string): void {
    const from = this.#names.locate(source, 'rename')
    const to = this.#names.locate(target, 'rename')
    const node = this.#existing(from, 'rename', source)
    const replaced = to.directory.current.get(to.name)
    if (replaced === node) return
    if (replaced !== undefined && replaced.kind !== node.kind) {
      throw fileError(replaced.kind === 'directory' ? 'EISDIR' : 'ENOTDIR', {
        operation: 'rename',
        file: source,
      })
    }
    if (replaced?.kind === 'directory' && replaced.current.size > 0) {
      throw fileError('ENOTEMPTY', { operation: 'rename', file: source })
    }
    this.#disk.changeNames([
      { ...from, node: undefined },
      { ...to, node },
    ])
    this.#disk.did('rename', target)
  }

  remove(path: string): void {
    const location = this.#names.locate(path, 'remove')
    const node = this.#existing(location, 'remove', path)
    if (node.kind === 'directory') throw fileError('EISDIR', { operation: 'remove', file: path })
    this.#disk.changeNames([{ ...location, node: undefined }])
    this.#disk.did('remove', path)
  }

  async removeAsync(path: string): Promise<void> {
    await Promise.resolve()
    await Promise.resolve()
    this.remove(path)
  }

  removeDirectory(path: string): void {
    const location = this.#names.locate(path, 'removeDirectory')
    const node = this.#existing(location, 'removeDirectory', path)
    const where = { operation: 'removeDirectory', file: path }
    if (node.kind !== 'directory') throw fileError('ENOTDIR', where)
    if (node.current.size > 0) throw fileError('ENOTEMPTY', where)
    this.#disk.changeNames([{ ...location, node: undefined }])
    this.#disk.did('remove', path)
  }

  syncDirectory(path: string): void {
    this.#disk.syncDirectory(this.#names.directory(path, 'syncDirectory'))
    this.#disk.did('syncDirectory', path)
  }

  /** Covers the changes made before it was called. Changes made while it runs need another sync. */
  async syncDirectoryAsync(path: string): Promise<void> {
    const directory = this.#names.directory(path, 'syncDirectory')
    const covered = this.operationCount
    await Promise.resolve()
    await Promise.resolve()
    this.#disk.syncDirectory(directory, covered)
    this.#disk.did('syncDirectory', path)
  }

  lock(directory: string, mode: LockMode = 'exclusive'): VfsLock {
    return this.#locks.acquire(this.#names.directory(directory, 'lock'), directory, mode)
  }

  /** Releases all locks, as the end of a process does. */
  endProcess(): void {
    this.#locks.releaseAll()
  }

  get #names(): CrashNamespace {
    return this.#disk.names
  }

  #create(path: string): CrashInode {
    const location = this.#names.locate(path, 'open')
    const inode = this.#disk.newFile()
    this.#disk.changeNames([{ ...location, node: inode }])
    this.#disk.did('create', path)
    return inode
  }

  #existing(location: EntryLocation, operation: string, file: string): CrashNode {
    const node = location.directory.current.get(location.name)
    if (node === undefined) throw fileError('ENOENT', { operation, file })
    return node
  }
}
