import type { FilePath } from '../file-path.js'
import { resolvePath } from '../resolve-path.js'
import { FileTree } from './file-tree.js'
import type { FileNode } from './file-tree.js'
import type { LowerFile } from './tree-file.js'
import { NO_LOWER_LOCK, TreeVfs } from './tree-vfs.js'
import type { Vfs, VfsFile, VfsLock } from '../vfs.js'

interface SharedLowerFile {
  readonly file: VfsFile
  handleCount: number
}

/**
 * A writable overlay over another file system, which stays unchanged. Unwritten data is read from the lower file system `base`;
 * everything that is written, created, renamed or removed stays in memory.
 *
 * @remarks Only written chunks take memory, 64 KiB each. `base` must not change meanwhile: hold its lock. `lock`
 * locks the directory of `base` in shared mode, in addition to the lock of the overlay: several overlays may share a directory, and
 * none of them needs write access to it. Use one spelling of each directory's path: to an overlay, `'data'` and `'/home/ada/data'`,
 * or a symbolic link and its target, are different directories.
 * @category Files
 */
export class OverlayVfs extends TreeVfs {
  readonly #base: Vfs
  readonly #lowerFiles: Map<FileNode, SharedLowerFile> = new Map()

  /** @param base - the lower file system, whose clock, randomness and scheduler the overlay uses. */
  constructor(base: Vfs) {
    super(new FileTree(base), base)
    this.#base = base
  }

  absolutePath(path: FilePath): string {
    return resolvePath(this.#base, path)
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

  /** Locks the lower directory in shared mode, whatever the mode of this lock: its files are only read. */
  protected override lockLower(lowerPath: string | undefined): VfsLock {
    return lowerPath === undefined ? NO_LOWER_LOCK : this.#base.lock(lowerPath, 'shared')
  }
}
