import { fileError, notRegular } from '../file-error.js'
import type { FileNode, FileTree } from './file-tree.js'
import type { LowerFile } from './tree-file.js'
import { TreeFile } from './tree-file.js'
import { LockTable } from '../lock/table.js'
import type { FileStatus, OpenMode, Vfs, VfsFile, VfsLock } from '../vfs.js'
import type { Clock, Environment, RandomSource, Scheduler } from '../time/environment.js'

/** What the two file systems in memory have in common: everything but what lies below them. */
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
    return new TreeFile(path, node.content, mode !== 'read', this.openLower(node))
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
    const lock = this.#locks.take(identity, directory)
    try {
      const below = lowerPath === undefined ? undefined : this.lockLower(lowerPath)
      return below === undefined ? lock : stackLocks(lock, below)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  /** Opens what lies below a file, when something does. */
  protected abstract openLower(node: FileNode): LowerFile | undefined

  /** Locks a directory of the file system below; `undefined` when that one cannot be written to. */
  protected abstract lockLower(lowerPath: string): VfsLock | undefined

  #openNode(path: string, mode: OpenMode): FileNode {
    const node = this.#tree.find(path)
    if (node === undefined) {
      if (mode === 'read' || mode === 'write') this.#tree.existing(path, 'open')
      return this.#tree.createFile(path)
    }
    if (mode === 'createNew') throw fileError('EEXIST', { operation: 'open', file: path })
    if (node.kind !== 'file') throw notRegular(path, node.kind)
    return node
  }
}

function stackLocks(upper: VfsLock, lower: VfsLock): VfsLock {
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
