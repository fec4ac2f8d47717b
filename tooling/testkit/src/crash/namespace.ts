import { fileError } from '@ldb/vfs'
import type { CrashInode } from './inode.js'

/** What a name may lead to. */
export type CrashNode = CrashInode | CrashDirectory

/** A directory: entries as programs see them, and as the device has them. */
export interface CrashDirectory {
  readonly kind: 'directory'
  readonly identity: string
  readonly current: Map<string, CrashNode>
  readonly durable: Map<string, CrashNode>
}

/** New meaning of one name; `undefined`: none. */
interface EntryChange {
  readonly directory: CrashDirectory
  readonly name: string
  readonly node: CrashNode | undefined
}

/** Something done to names, which reaches the device whole or not at all: a rename changes two. */
export interface EntryOperation {
  readonly order: number
  readonly changes: readonly EntryChange[]
}

/** A name in a directory that exists. */
export interface EntryPlace {
  readonly directory: CrashDirectory
  readonly name: string
}

/** The names of a file system. */
export class CrashNamespace {
  readonly root: CrashDirectory
  /** Operations that no directory sync has covered, in the order in which they were done. */
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

  /** @throws LDB_NOT_FOUND when nothing is there, LDB_IO (ENOTDIR) when it is no directory. */
  directory(path: string, operation: string): CrashDirectory {
    const node = this.find(path)
    if (node?.kind === 'directory') return node
    throw fileError(node === undefined ? 'ENOENT' : 'ENOTDIR', { operation, file: path })
  }

  /** Where the last name of a path stands, whether or not it is there. */
  place(path: string, operation: string): EntryPlace {
    const names = namesOf(path)
    const name = names.pop()
    if (name === undefined) throw fileError('EISDIR', { operation, file: path })
    return { directory: this.directory(names.join('/'), operation), name }
  }

  /** Changes names for programs; the device has it when the directory is synced. */
  change(operation: EntryOperation): void {
    this.pending.push(operation)
    for (const change of operation.changes) applyEntry(change.directory.current, change)
  }

  /** Makes the names in a directory durable, and with them all that must come before (see {@link closeOverEntries}). */
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
 * Adds to the wanted operations each earlier one on the same name: what happens to one name happens in order, and what
 * happens to different names does not.
 */
export function closeOverEntries(operations: readonly EntryOperation[], wanted: boolean[]): void {
  for (let later = operations.length - 1; later > 0; later--) {
    if (wanted[later] !== true) continue
    for (let earlier = 0; earlier < later; earlier++) {
      if (wanted[earlier] !== true) wanted[earlier] = shareEntry(operations[earlier], operations[later])
    }
  }
}

/** Returns the name in a map its new meaning. */
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

/** Splits a path into its names. */
function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.')
}
