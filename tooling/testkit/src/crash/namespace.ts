import { fileError } from '@ldb/vfs'
import type { CrashInode } from './inode.js'

/** What a directory entry refers to. */
export type CrashNode = CrashInode | CrashDirectory

/** A directory: its visible entries and its durable entries. */
export interface CrashDirectory {
  readonly kind: 'directory'
  readonly identity: string
  readonly current: Map<string, CrashNode>
  readonly durable: Map<string, CrashNode>
}

/** New target of one directory entry; `undefined` removes the entry. */
interface EntryChange {
  readonly directory: CrashDirectory
  readonly name: string
  readonly node: CrashNode | undefined
}

/** A directory operation that becomes durable atomically. A rename changes two entries. */
export interface EntryOperation {
  readonly order: number
  readonly changes: readonly EntryChange[]
}

/** A directory entry: an existing directory and a name in it. */
export interface EntryLocation {
  readonly directory: CrashDirectory
  readonly name: string
}

/** The directory tree of a file system. */
export class CrashNamespace {
  readonly root: CrashDirectory
  /** Operations that no directory sync has covered, in order. */
  pending: EntryOperation[]

  constructor(root: CrashDirectory, pending: EntryOperation[] = []) {
    this.root = root
    this.pending = pending
  }

  find(path: string): CrashNode | undefined {
    let node: CrashNode | undefined = this.root
    for (const name of namesOf(path)) {
      if (node?.kind !== 'directory') return undefined
      node = node.current.get(name)
    }
    return node
  }

  /** @throws LDB_NOT_FOUND when nothing exists at the path, LDB_IO (ENOTDIR) when it is not a directory. */
  directory(path: string, operation: string): CrashDirectory {
    const node = this.find(path)
    if (node?.kind === 'directory') return node
    throw fileError(node === undefined ? 'ENOENT' : 'ENOTDIR', { operation, file: path })
  }

  /** Returns the entry that a path denotes, whether or not it exists. */
  locate(path: string, operation: string): EntryLocation {
    const names = namesOf(path)
    const name = names.pop()
    if (name === undefined) throw fileError('EISDIR', { operation, file: path })
    return { directory: this.directory(names.join('/'), operation), name }
  }

  /** Changes visible entries. The change becomes durable when the directory is synced. */
  change(operation: EntryOperation): void {
    this.pending.push(operation)
    for (const change of operation.changes) applyEntry(change.directory.current, change)
  }

  /** Makes the entries of a directory durable, together with their prerequisites (see {@link closeOverEntries}). */
  sync(directory: CrashDirectory, end: number = Infinity): void {
    const wanted = this.pending.map(
      (operation) =>
        operation.order < end && operation.changes.some((change) => change.directory === directory),
    )
    closeOverEntries(this.pending, wanted)
    this.pending.forEach((operation, index) => {
      if (wanted[index] !== true) return
      for (const change of operation.changes) applyEntry(change.directory.durable, change)
    })
    this.pending = this.pending.filter((_, index) => wanted[index] !== true)
  }
}

/**
 * Adds to the selected operations every earlier operation on the same entry. Operations on one entry become durable in order;
 * operations on different entries do not.
 */
export function closeOverEntries(operations: readonly EntryOperation[], wanted: boolean[]): void {
  for (let later = operations.length - 1; later > 0; later--) {
    if (wanted[later] !== true) continue
    for (let earlier = 0; earlier < later; earlier++) {
      if (wanted[earlier] !== true) wanted[earlier] = shareEntry(operations[earlier], operations[later])
    }
  }
}

/** Applies a change to the entries of a directory. */
export function applyEntry(entries: Map<string, CrashNode>, change: EntryChange): void {
  if (change.node === undefined) entries.delete(change.name)
  else entries.set(change.name, change.node)
}

function shareEntry(a: EntryOperation | undefined, b: EntryOperation | undefined): boolean {
  if (a === undefined || b === undefined) return false
  return a.changes.some((one) =>
    b.changes.some((other) => one.directory === other.directory && one.name === other.name),
  )
}

/** Splits a path into its components. */
function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}
