import { fileError, notRegularError } from '../file-error.js'
import type { FileNode, FileTree } from './file-tree.js'
import type { LowerFile } from './tree-file.js'
import { TreeFile } from './tree-file.js'
import { LockTable } from '../lock/table.js'
import type { FileStatus, OpenMode, Vfs, VfsFile, VfsLock } from '../vfs.js'
import type { Clock, Environment, RandomSource, Scheduler } from '../environment/environment.js'

/** The common base of the two file systems in memory, which differ in their lower file system only. */
export abstract class TreeVfs implements Vfs {
  readonly clock: Clock
  readonly random: RandomSource
  readonly scheduler: Scheduler
  readonly #tree: FileTree
  readonly #locks: LockTable = new LockTable()

  protected constructor(tree: FileTree, environment: Environment) {
    this.#tree = tree
    this.clock = environment.clock
    this.random = environment.random
    this.scheduler = environment.scheduler
  }

  open(path: string, mode: OpenMode): VfsFile {
    const node = this.#openNode(path, mode)
    return new TreeFile(path, node.identity, node.content, mode !== 'read', this.openLower(node))
  }

  status(path: string): FileStatus | undefined {
    return this.#tree.status(path)
  }

  list(path: string): string[] {
    return this.#tree.list(path)
  }

  makeDirectory(path: string): void {
    this.#tree.makeDirectory(path)
  }

  rename(source: string, target: string): void {
    this.#tree.rename(source, target)
  }

  link(source: string, target: string): void {
    this.#tree.link(source, target)
  }

  copy(source: string, target: string): void {
    this.#tree.copy(source, target)
  }

  remove(path: string): void {
    this.#tree.remove(path)
  }

  removeDirectory(path: string): void {
    this.#tree.removeDirectory(path)
  }

  syncDirectory(path: string): void {
    this.#tree.directory(path, 'syncDirectory')
  }

  lock(directory: string): VfsLock {
    const { identity, lowerPath } = this.#tree.directory(directory, 'lock')
    const lock = this.#locks.acquire(identity, directory)
    try {
      const lower = lowerPath === undefined ? undefined : this.lockLower(lowerPath)
      return lower === undefined ? lock : combineLocks(lock, lower)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  /** Opens the lower file of a file; `undefined` when it has none. */
  protected abstract openLower(node: FileNode): LowerFile | undefined

  /** Locks a directory of the lower file system; `undefined` when there is none or it is read-only. */
  protected abstract lockLower(lowerPath: string): VfsLock | undefined

  #openNode(path: string, mode: OpenMode): FileNode {
    const node = this.#tree.find(path)
    if (node === undefined) {
      if (mode === 'read' || mode === 'write') this.#tree.getExisting(path, 'open')
      return this.#tree.createFile(path)
    }
    if (mode === 'createNew') throw fileError('EEXIST', { operation: 'open', file: path })
    if (node.kind !== 'file') throw notRegularError(path, node.kind, 'open')
    return node
  }
}

function combineLocks(upper: VfsLock, lower: VfsLock): VfsLock {
  return {
    assertHeld(): void {
      upper.assertHeld()
      lower.assertHeld()
    },
    release(): void {
      upper.release()
      lower.release()
    },
  }
}
