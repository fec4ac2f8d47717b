import { fileError, notRegularError } from '../file-error.js'
import type { FileNode, FileTree } from './file-tree.js'
import type { LowerFile } from './tree-file.js'
import { TreeFile } from './tree-file.js'
import { LockTable } from '../lock/table.js'
import type { FileStatus, LockMode, OpenMode, Vfs, VfsFile, VfsLock } from '../vfs.js'
import type { Clock, Environment, RandomSource, Scheduler } from '../environment/environment.js'

/** The lock of a directory that is in no lower file system. */
export const NO_LOWER_LOCK: VfsLock = { assertHeld: () => undefined, release: () => undefined }

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
    return new TreeFile(path, node, mode !== 'read', this.openLower(node))
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

  lock(directory: string, mode: LockMode = 'exclusive'): VfsLock {
    const { identity, lowerPath } = this.#tree.directory(directory, 'lock')
    return this.#locks.acquire(identity, directory, mode, () => this.lockLower(lowerPath))
  }

  /** Opens the lower file of a file; `undefined` when it has none. */
  protected abstract openLower(node: FileNode): LowerFile | undefined

  /** Locks a directory of the lower file system, if it is there. */
  protected abstract lockLower(lowerPath: string | undefined): VfsLock

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
