import type { FileStatus, Vfs } from '../vfs.js'
import { FileContent } from './file-content.js'
import { fileError, notRegularError } from '../file-error.js'
import { isAbsolutePath, pathNames } from '../path-names.js'

/** A file (inode) of a tree, shared by its names and its open handles. */
export interface FileNode {
  readonly kind: 'file'
  readonly identity: string
  readonly content: FileContent
  /** Path in the lower file system, for a file whose content begins there. */
  readonly lowerPath: string | undefined
}

/** A directory of a tree. */
export interface DirectoryNode {
  readonly kind: 'directory'
  readonly identity: string
  /** Created entries and cached lower entries; `undefined` is a whiteout, which hides a name of the lower directory. */
  readonly entries: Map<string, TreeNode | undefined>
  readonly lowerPath: string | undefined
}

/** An entry of the lower file system that is neither a regular file nor a directory, for instance a symbolic link. */
interface OtherNode {
  readonly kind: 'other'
  readonly identity: string
  readonly lowerPath: string
  /** The directory that a symbolic link points to, once it was followed. */
  target: DirectoryNode | undefined
}

export type TreeNode = FileNode | DirectoryNode | OtherNode

interface EntryLocation {
  readonly directory: DirectoryNode
  readonly name: string
}

/**
 * A tree of directories and files in memory, as an upper layer over a lower file system where one exists. The lower file system is
 * never written. It must not change, so a node keeps its lower path when it is renamed.
 *
 * With a lower file system, absolute and relative paths start from two separate roots, because only the lower file system can
 * resolve a relative path.
 */
export class FileTree {
  readonly #lower: Vfs | undefined
  readonly #root: DirectoryNode
  /** Root of relative paths; the same as `#root` without a lower file system. */
  readonly #relativeRoot: DirectoryNode
  #nodeCount = 0

  constructor(lower?: Vfs) {
    this.#lower = lower
    this.#root = this.#newDirectory(lower === undefined ? undefined : '/')
    this.#relativeRoot = lower === undefined ? this.#root : this.#newDirectory('.')
  }

  status(path: string): FileStatus | undefined {
    const node = this.find(path)
    if (node === undefined) return undefined
    return {
      kind: node.kind,
      length: node.kind === 'file' ? node.content.length : 0,
      identity: node.identity,
    }
  }

  /** Returns the node at a path, or `undefined` when it does not exist. */
  find(path: string): TreeNode | undefined {
    let node: TreeNode | undefined = this.#start(path)
    for (const name of this.#names(path)) {
      const directory = this.#asDirectory(node)
      if (directory === undefined) return undefined
      node = this.#entry(directory, name)
    }
    return node
  }

  /** @throws LDB_NOT_FOUND when the path does not exist, LDB_IO (ENOTDIR) when it is not a directory. */
  directory(path: string, operation: string): DirectoryNode {
    const directory = this.#asDirectory(this.getExisting(path, operation))
    if (directory === undefined) throw fileError('ENOTDIR', { operation, file: path })
    return directory
  }

  list(path: string): string[] {
    return this.#namesIn(this.directory(path, 'list')).sort()
  }

  createFile(path: string): FileNode {
    const { directory, name } = this.#locate(path, 'open')
    const node: FileNode = {
      kind: 'file',
      identity: this.#newIdentity(),
      content: new FileContent(),
      lowerPath: undefined,
    }
    directory.entries.set(name, node)
    return node
  }

  link(source: string, target: string): void {
    const node = this.#requireFile(source, 'link')
    this.#addEntry(target, node, 'link')
  }

  /** Copies a file. The copy of a file with lower content reads from the same lower file. */
  copy(source: string, target: string): void {
    const { content, lowerPath } = this.#requireFile(source, 'copy')
    const node: FileNode = {
      kind: 'file',
      identity: this.#newIdentity(),
      content: content.clone(),
      lowerPath,
    }
    this.#addEntry(target, node, 'copy')
  }

  makeDirectory(path: string): void {
    this.#addEntry(path, this.#newDirectory(undefined), 'makeDirectory')
  }

  remove(path: string): void {
    const node = this.getExisting(path, 'remove')
    if (node.kind === 'directory') throw fileError('EISDIR', { operation: 'remove', file: path })
    this.#removeEntry(this.#locate(path, 'remove'))
  }

  removeDirectory(path: string): void {
    const where = { operation: 'removeDirectory', file: path }
    const node = this.getExisting(path, 'removeDirectory')
    if (node.kind !== 'directory') throw fileError('ENOTDIR', where)
    if (this.#isRoot(node)) throw fileError('EBUSY', where)
    if (this.#namesIn(node).length > 0) throw fileError('ENOTEMPTY', where)
    this.#removeEntry(this.#locate(path, 'removeDirectory'))
  }

  rename(source: string, target: string): void {
    const where = { operation: 'rename', file: source }
    const node = this.getExisting(source, 'rename')
    if (this.#isRoot(node)) throw fileError('EBUSY', where)
    const to = this.#locate(target, 'rename')
    const from = this.#locate(source, 'rename')
    if (node.kind === 'directory' && this.#isInside(target, source)) throw fileError('EINVAL', where)
    const replaced = this.#entry(to.directory, to.name)
    if (replaced === node) return
    if (replaced !== undefined) {
      if (node.kind === 'directory' && replaced.kind !== 'directory') throw fileError('ENOTDIR', where)
      if (node.kind !== 'directory' && replaced.kind === 'directory') throw fileError('EISDIR', where)
      if (replaced.kind === 'directory' && this.#namesIn(replaced).length > 0)
        throw fileError('ENOTEMPTY', where)
    }
    to.directory.entries.set(to.name, node)
    this.#removeEntry(from)
  }

  /** @throws LDB_NOT_FOUND when the path does not exist, LDB_IO (ENOTDIR) when one of its parents is a file. */
  getExisting(path: string, operation: string): TreeNode {
    const node = this.find(path)
    if (node !== undefined) return node
    this.#locate(path, operation)
    throw fileError('ENOENT', { operation, file: path })
  }

  #requireFile(path: string, operation: string): FileNode {
    const node = this.getExisting(path, operation)
    if (node.kind !== 'file') throw notRegularError(path, node.kind, operation)
    return node
  }

  #addEntry(path: string, node: TreeNode, operation: string): void {
    if (this.find(path) !== undefined) throw fileError('EEXIST', { operation, file: path })
    const { directory, name } = this.#locate(path, operation)
    directory.entries.set(name, node)
  }

  #start(path: string): DirectoryNode {
    return isAbsolutePath(path) ? this.#root : this.#relativeRoot
  }

  #names(path: string): string[] {
    return pathNames(path, !isAbsolutePath(path) && this.#lower !== undefined)
  }

  /** Returns the parent directory and the last name of a path, whether or not the entry exists. */
  #locate(path: string, operation: string): EntryLocation {
    const names = this.#names(path)
    const name = names.pop()
    if (name === undefined) throw fileError('EISDIR', { operation, file: path })
    let directory = this.#start(path)
    for (const step of names) {
      const node = this.#entry(directory, step)
      const next = this.#asDirectory(node)
      if (next === undefined) {
        throw fileError(node === undefined ? 'ENOENT' : 'ENOTDIR', { operation, file: path })
      }
      directory = next
    }
    return { directory, name }
  }

  /** Returns a node as a directory, following a symbolic link of the lower file system; `undefined` when it is neither. */
  #asDirectory(node: TreeNode | undefined): DirectoryNode | undefined {
    if (node === undefined || node.kind === 'file') return undefined
    if (node.kind === 'directory') return node
    // `status` does not follow a link at the end of a path, but follows one before `/.`.
    const status = this.#lower?.status(`${node.lowerPath}/.`)
    if (status?.kind !== 'directory') return undefined
    node.target ??= {
      kind: 'directory',
      identity: status.identity,
      entries: new Map(),
      lowerPath: node.lowerPath,
    }
    return node.target
  }

  #entry(directory: DirectoryNode, name: string): TreeNode | undefined {
    if (directory.entries.has(name)) return directory.entries.get(name)
    if (directory.lowerPath === undefined || this.#lower === undefined) return undefined
    const lowerPath = directory.lowerPath === '/' ? `/${name}` : `${directory.lowerPath}/${name}`
    const node = lowerNode(lowerPath, this.#lower.status(lowerPath))
    if (node !== undefined) directory.entries.set(name, node)
    return node
  }

  #namesIn(directory: DirectoryNode): string[] {
    const { entries, lowerPath } = directory
    const names = [...entries].filter(([, node]) => node !== undefined).map(([name]) => name)
    if (lowerPath === undefined || this.#lower === undefined) return names
    const lowerNames = this.#lower.list(lowerPath)
    return [...names, ...lowerNames.filter((name) => !entries.has(name))]
  }

  #removeEntry({ directory, name }: EntryLocation): void {
    if (directory.lowerPath === undefined) directory.entries.delete(name)
    else directory.entries.set(name, undefined)
  }

  #isRoot(node: TreeNode): boolean {
    return node === this.#root || node === this.#relativeRoot
  }

  #isInside(path: string, ancestor: string): boolean {
    const names = this.#names(path)
    const outer = this.#names(ancestor)
    return names.length > outer.length && outer.every((name, index) => names[index] === name)
  }

  #newDirectory(lowerPath: string | undefined): DirectoryNode {
    return { kind: 'directory', identity: this.#newIdentity(), entries: new Map(), lowerPath }
  }

  #newIdentity(): string {
    return `${this.#lower === undefined ? 'memory' : 'overlay'}:${this.#nodeCount++}`
  }
}

function lowerNode(lowerPath: string, status: FileStatus | undefined): TreeNode | undefined {
  if (status === undefined) return undefined
  const { kind, identity, length } = status
  if (kind === 'file') return { kind, identity, content: new FileContent(length), lowerPath }
  if (kind === 'directory') return { kind, identity, entries: new Map(), lowerPath }
  return { kind, identity, lowerPath, target: undefined }
}
