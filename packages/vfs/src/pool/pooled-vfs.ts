import { assert, optionalMember, ownProperty } from '@ldb/base'
import type { Clock, RandomSource, Scheduler } from '../environment/environment.js'
import type { FilePath } from '../file-path.js'
import { resolvePath } from '../resolve-path.js'
import type { FileStatus, LockMode, OpenMode, PinnedDirectory, Vfs, VfsFile, VfsLock } from '../vfs.js'
import { DescriptorPool } from './descriptor-pool.js'
import type { OpenFileStats } from './descriptor-pool.js'
import { PooledFile } from './pooled-file.js'
import { identityOf, PooledInode } from './pooled-inode.js'

/** Options of a {@link PooledVfs}. @category Files */
export interface PooledVfsOptions {
  /** Greatest number of descriptors of pooled files; at least 1. */
  readonly maxOpenFiles: number
  /** Reports whether the file at a path is pooled. A file that is not keeps its descriptor. @defaultValue every file is pooled */
  readonly isPooled?: (path: string) => boolean
}

/**
 * A layer over a file system that bounds the number of descriptors: any number of files may be open. At the limit, the least
 * recently used file is closed, and opened again at its next use.
 *
 * @remarks A file is opened again by its name, and only if the name leads to the same file: otherwise the operation throws
 * `LDB_POISONED`. Files with unsynced writes or with operations in flight keep their descriptors (SPEC.md, P1 to P6). When the process has
 * no descriptor left, an operation that needs one closes some pooled files first.
 * @category Files
 */
export class PooledVfs implements Vfs {
  readonly clock: Clock
  readonly random: RandomSource
  readonly scheduler: Scheduler
  readonly link?: (source: string, target: string) => void
  readonly copy?: (source: string, target: string) => void
  readonly freeBytes?: (path: string) => number | undefined
  readonly #below: Vfs
  readonly #isPooled: (path: string) => boolean
  readonly #pool: DescriptorPool
  /** Files with open handles, by the name that leads to them. */
  readonly #inodes: Map<string, PooledInode> = new Map()

  constructor(below: Vfs, options: PooledVfsOptions) {
    const { maxOpenFiles } = options
    assert(maxOpenFiles >= 1, 'a pool has at least one descriptor')
    this.clock = below.clock
    this.random = below.random
    this.scheduler = below.scheduler
    this.#below = below
    this.#isPooled = ownProperty(options, 'isPooled') ?? ((): boolean => true)
    this.#pool = new DescriptorPool(maxOpenFiles)
    const link = optionalMember(below, 'link')
    const copy = optionalMember(below, 'copy')
    const freeBytes = optionalMember(below, 'freeBytes')
    if (link !== undefined) this.link = link.bind(below)
    if (freeBytes !== undefined) this.freeBytes = freeBytes.bind(below)
    if (copy !== undefined) {
      this.copy = (source, target): void => {
        this.#pool.withRelief(() => {
          copy.call(below, source, target)
        })
      }
    }
  }

  /** Returns the use of descriptors. */
  stats(): OpenFileStats {
    return this.#pool.stats()
  }

  /** Closes the descriptors of all files but one that are not in use and have no unsynced writes. Their next use opens them again. */
  closeIdle(): void {
    this.#pool.closeIdle()
  }

  absolutePath(path: FilePath): string {
    return resolvePath(this.#below, path)
  }

  pinDirectory(path: string): PinnedDirectory | undefined {
    return this.#pool.withRelief(() => optionalMember(this.#below, 'pinDirectory')?.call(this.#below, path))
  }

  /** @throws {@link LdbError} as `Vfs.open`, and LDB_POISONED when the name of an open file leads to another file. */
  open(path: string, mode: OpenMode): VfsFile {
    if (!this.#isPooled(path)) return this.#pool.withRelief(() => this.#below.open(path, mode))
    const isCreation = mode === 'create' || mode === 'createNew'
    return new PooledFile(
      path,
      this.#pool,
      mode !== 'read',
      () => this.#below.open(path, mode),
      (file) => this.#inodeOf(path, file, isCreation),
      (inode) => {
        if (inode.handles.size === 0 && this.#inodes.get(inode.path) === inode)
          this.#inodes.delete(inode.path)
      },
    )
  }

  status(path: string): FileStatus | undefined {
    return this.#below.status(path)
  }

  list(path: string): string[] {
    return this.#pool.withRelief(() => this.#below.list(path))
  }

  makeDirectory(path: string): void {
    this.#below.makeDirectory(path)
  }

  rename(source: string, target: string): void {
    const rename = (): void => {
      this.#below.rename(source, target)
    }
    const replaced = source === target ? undefined : this.#inodes.get(target)
    if (replaced === undefined) rename()
    else this.#removeName(replaced, rename)
    const moved = [...this.#inodes.values()].filter(
      ({ path }) => path === source || path.startsWith(`${source}/`),
    )
    for (const inode of moved) this.#inodes.delete(inode.path)
    for (const inode of moved) {
      inode.path = `${target}${inode.path.slice(source.length)}`
      this.#inodes.set(inode.path, inode)
    }
  }

  remove(path: string): void {
    const inode = this.#inodes.get(path)
    const remove = (): void => {
      this.#below.remove(path)
    }
    if (inode === undefined) remove()
    else this.#removeName(inode, remove)
  }

  async removeAsync(path: string): Promise<void> {
    const removeAsync = optionalMember(this.#below, 'removeAsync')
    if (removeAsync === undefined) {
      this.remove(path)
      return
    }
    const inode = this.#inodes.get(path)
    // From now on the name may lead to no file. If the removal fails, the handles keep their descriptors nevertheless.
    if (inode !== undefined) this.#removeName(inode, () => undefined)
    await removeAsync.call(this.#below, path)
  }

  removeDirectory(path: string): void {
    this.#below.removeDirectory(path)
  }

  syncDirectory(path: string): void {
    this.#pool.withRelief(() => {
      this.#below.syncDirectory(path)
    })
  }

  async syncDirectoryAsync(path: string): Promise<void> {
    const syncAsync = optionalMember(this.#below, 'syncDirectoryAsync')
    if (syncAsync === undefined) this.syncDirectory(path)
    else await this.#pool.withReliefAsync(() => syncAsync.call(this.#below, path))
  }

  lock(directory: string, mode?: LockMode): VfsLock {
    return this.#pool.withRelief(() => this.#below.lock(directory, mode))
  }

  /** Returns the inode of a file that was opened. */
  #inodeOf(path: string, file: VfsFile, isCreation: boolean): PooledInode {
    const identity = identityOf(this.#below, file, path)
    const present = this.#inodes.get(path)
    if (present !== undefined && (present.identity === identity || !isCreation)) {
      present.assertIdentity(identity)
      return present
    }
    const inode = new PooledInode(this.#below, path, identity)
    this.#inodes.set(path, inode)
    return inode
  }

  /** Runs an action that removes the name of a file with open handles. */
  #removeName(inode: PooledInode, action: () => void): void {
    inode.removeName(action)
    this.#inodes.delete(inode.path)
  }
}
