import type { CrashInode } from './inode.js'
import type { CrashDirectory, CrashNode, EntryOperation } from './namespace.js'

/**
 * Copies a disk together with its volatile write cache. Each node is copied once, so that hard links and references between
 * directories are preserved.
 */
export class DiskCopier {
  /** Copies of the files, in the order in which they were copied. */
  readonly inodes: CrashInode[] = []
  readonly #made: Map<CrashNode, CrashNode> = new Map()

  directory(source: CrashDirectory): CrashDirectory {
    const found = this.#made.get(source)
    if (found?.kind === 'directory') return found
    const copy: CrashDirectory = {
      kind: 'directory',
      identity: source.identity,
      current: new Map(),
      durable: new Map(),
    }
    this.#made.set(source, copy)
    for (const [name, node] of source.current) copy.current.set(name, this.#node(node))
    for (const [name, node] of source.durable) copy.durable.set(name, this.#node(node))
    return copy
  }

  operation({ order, changes }: EntryOperation): EntryOperation {
    return {
      order,
      changes: changes.map(({ directory, name, node }) => ({
        directory: this.directory(directory),
        name,
        node: node === undefined ? undefined : this.#node(node),
      })),
    }
  }

  #node(source: CrashNode): CrashNode {
    if (source.kind === 'directory') return this.directory(source)
    const found = this.#made.get(source)
    if (found !== undefined) return found
    const copy = source.clone()
    this.#made.set(source, copy)
    this.inodes.push(copy)
    return copy
  }
}
