import type { FileStatus, Vfs } from '../vfs.js'
import { FileContent } from './file-content.js'
import { fileError } from '../file-error.js'
import { isFromRoot, pathNames } from '../path-names.js'

/** A file of a tree: what its names and its open handles share. */
export interface FileNode {
  readonly kind: 'file'
  readonly identity: string
  readonly content: FileContent
  /** Its path in the lower file system, when it came from there. */
  readonly lowerPath: string | undefined
}

/** A directory of a tree. */
export interface DirectoryNode {
  readonly kind: 'directory'
  readonly identity: string
  /** What was looked up or put here; `undefined` hides a name of the lower directory. */
  readonly entries: Map<string, TreeNode | undefined>
  readonly lowerPath: string | undefined
}

/** Something that is neither in the lower file system: a symbolic link or a device. */
interface OtherNode {
  readonly kind: 'other'
  readonly identity: string
  readonly lowerPath: string
  /** The directory it leads to, when it is a link to one that was followed. */
  target: DirectoryNode | undefined
}

export type TreeNode = FileNode | DirectoryNode | OtherNode

interface Place {
  readonly directory: DirectoryNode
  readonly name: string
}

/**
 * Directories and files in memory, over those of a lower file system where there is one. Nothing is ever changed
 * below. A node keeps its lower path for ever, wherever it is renamed to: the lower tree stands still.
 *
 * With a lower file system, absolute and relative paths start from two roots: where a relative one leads is for the
 * lower one to say.
 */
export class FileTree {
  readonly #lower: Vfs | undefined
  readonly #root: DirectoryNode
  /** Where relative paths start; the root itself in a tree with nothing below. */
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

  /** Returns the node at a path, or `undefined` when there is none. */
  find(path: string): TreeNode | undefined {
    let node: TreeNode | undefined = this.#start(path)
    for (const name of this.#names(path)) {
      const directory = this.#asDirectory(node)
      if (directory === undefined) return undefined
      node = this.#entry(directory, name)
    }
    return node
  }

  /** @throws LDB_NOT_FOUND when nothing is there, LDB_IO (ENOTDIR) when it is no directory. */
  directory(path: string, operation: string): DirectoryNode {
    const directory = this.#asDirectory(this.existing(path, operation))
    if (directory === undefined) throw fileError('ENOTDIR', { operation, file: path })
    return directory
  }

  list(path: string): string[] {
    return this.#namesIn(this.directory(path, 'list')).sort()
  }

  createFile(path: string): FileNode {
    const { directory, name } = this.#place(path, 'open')
    const node: FileNode = {
      kind: 'file',
      identity: this.#newIdentity(),
      content: new FileContent(),
      lowerPath: undefined,
    }
    directory.entries.set(name, node)
    return node
  }

  makeDirectory(path: string): void {
    if (this.find(path) !== undefined) throw fileError('EEXIST', { operation: 'makeDirectory', file: path })
    const { directory, name } = this.#place(path, 'makeDirectory')
    directory.entries.set(name, this.#newDirectory(undefined))
  }

  remove(path: string): void {
    const node = this.existing(path, 'remove')
    if (node.kind === 'directory') throw fileError('EISDIR', { operation: 'remove', file: path })
    this.#drop(this.#place(path, 'remove'))
  }

  removeDirectory(path: string): void {
    const where = { operation: 'removeDirectory', file: path }
    const node = this.existing(path, 'removeDirectory')
    if (node.kind !== 'directory') throw fileError('ENOTDIR', where)
    if (this.#isRoot(node)) throw fileError('EBUSY', where)
    if (this.#namesIn(node).length > 0) throw fileError('ENOTEMPTY', where)
    this.#drop(this.#place(path, 'removeDirectory'))
  }

  rename(source: string, target: string): void {
    const where = { operation: 'rename', file: source }
    const node = this.existing(source, 'rename')
    if (this.#isRoot(node)) throw fileError('EBUSY', where)
    const to = this.#place(target, 'rename')
    const from = this.#place(source, 'rename')
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
    this.#drop(from)
  }

  /** @throws LDB_NOT_FOUND when nothing is there, LDB_IO (ENOTDIR) when the path goes through a file. */
  existing(path: string, operation: string): TreeNode {
    const node = this.find(path)
    if (node !== undefined) return node
    this.#place(path, operation)
    throw fileError('ENOENT', { operation, file: path })
  }

  #start(path: string): DirectoryNode {
    return isFromRoot(path) ? this.#root : this.#relativeRoot
  }

  #names(path: string): string[] {
    return pathNames(path, !isFromRoot(path) && this.#lower !== undefined)
  }

  /** Returns the directory in which the last name of a path stands, whether or not that name is there. */
  #place(path: string, operation: string): Place {
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

  /** Returns the directory that a node is or, being a link below, leads to. */
  #asDirectory(node: TreeNode | undefined): DirectoryNode | undefined {
    if (node === undefined || node.kind === 'file') return undefined
    if (node.kind === 'directory') return node
    // A path through the link, unlike the link itself, has the status of what it leads to.
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
    const below = this.#lower.list(lowerPath)
    return [...names, ...below.filter((name) => !entries.has(name))]
  }

  #drop(place: Place): void {
    if (place.directory.lowerPath === undefined) place.directory.entries.delete(place.name)
    else place.directory.entries.set(place.name, undefined)
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
