import { isLdbError } from '@ldb/base'
import { FileTree } from './file-tree.js'
import type { FileNode } from './file-tree.js'
import type { LowerFile } from './tree-file.js'
import { TreeVfs } from './tree-vfs.js'
import type { Vfs, VfsFile, VfsLock } from '../vfs.js'

interface SharedLowerFile {
  readonly file: VfsFile
  handleCount: number
}

/**
 * A view of another file system in which everything can be written and nothing below changes: what was never
 * written is read from `base`, whatever is written, created, renamed or removed stays in memory.
 *
 * @remarks Only pieces that were written take memory, 64 KiB each. `base` must stand still meanwhile: hold its lock. A
 * lock goes to `base`, which writes `LOCK` there, unless `base` is a read-only file system: then only openers of the
 * same overlay exclude each other. Use one spelling for the path of a directory: `'data'` and `'/home/ada/data'`, or a
 * symbolic link and what it leads to, are different places to an overlay.
 * @category Files
 */
export class OverlayVfs extends TreeVfs {
  readonly #base: Vfs
  readonly #lowerFiles: Map<FileNode, SharedLowerFile> = new Map()

  /** @param base - what is seen through the view; clock, randomness and scheduling are its own. */
  constructor(base: Vfs) {
    super(new FileTree(base), base)
    this.#base = base
  }

  protected override openLower(node: FileNode): LowerFile | undefined {
    if (node.lowerPath === undefined) return undefined
    const shared = this.#lowerFiles.get(node) ?? {
      file: this.#base.open(node.lowerPath, 'read'),
      handleCount: 0,
    }
    this.#lowerFiles.set(node, shared)
    shared.handleCount++
    return {
      file: shared.file,
      release: (): void => {
        shared.handleCount--
        if (shared.handleCount > 0) return
        this.#lowerFiles.delete(node)
        shared.file.close()
      },
    }
  }

  protected override lockLower(lowerPath: string): VfsLock | undefined {
    try {
      return this.#base.lock(lowerPath)
    } catch (error) {
      if (isLdbError(error, 'LDB_READ_ONLY')) return undefined
      throw error
    }
  }
}
