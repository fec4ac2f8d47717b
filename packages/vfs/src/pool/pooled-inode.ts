import { LdbError, optionalMember } from '@ldb/base'
import { isMissingPath } from '../file-error.js'
import type { Vfs, VfsFile } from '../vfs.js'

/** A handle that can open its descriptor. */
interface Handle {
  openDescriptor(): void
}

/** A file of a {@link PooledVfs}: the state that all of its open handles share. */
export class PooledInode {
  /** A name that leads to the file, unless it was removed. */
  path: string
  /** The name was or is being removed: the handles keep their descriptors, because they could not be opened again. */
  #isRemoved = false
  readonly identity: string | undefined
  readonly handles: Set<Handle> = new Set()
  /** Number of writes, and number of the newest write that is known to be on the device. */
  #writeCount = 0
  #syncedCount = 0
  /** The first failed sync. */
  #failure: { readonly error: unknown } | undefined = undefined
  readonly #below: Vfs

  constructor(below: Vfs, path: string, identity: string | undefined) {
    this.#below = below
    this.path = path
    this.identity = identity
  }

  get writeCount(): number {
    return this.#writeCount
  }

  get syncedCount(): number {
    return this.#syncedCount
  }

  /** True after a failed sync, which must not be repeated (F5). */
  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  /** Opens the file by its name. @throws {@link LdbError} LDB_POISONED when the name leads to another file or none; LDB_IO. */
  open(mode: 'read' | 'write'): VfsFile {
    let file: VfsFile
    try {
      file = this.#below.open(this.path, mode)
    } catch (error) {
      if (isMissingPath(error)) throw this.#lostError('was removed or moved away', error)
      throw error
    }
    try {
      this.assertIdentity(identityOf(this.#below, file, this.path))
    } catch (error) {
      file.close()
      throw error
    }
    return file
  }

  /** @throws {@link LdbError} LDB_POISONED when it is the identity of another file. */
  assertIdentity(identity: string | undefined): void {
    if (identity !== this.identity) throw this.#lostError('was replaced by another file', undefined)
  }

  get isRemoved(): boolean {
    return this.#isRemoved
  }

  /** Runs an action that removes the name. Before, opens the descriptors of all handles, which keep them from then on. */
  removeName(action: () => void): void {
    this.#isRemoved = true
    try {
      for (const handle of this.handles) handle.openDescriptor()
      action()
    } catch (error) {
      this.#isRemoved = false
      throw error
    }
  }

  /** Counts a write, and returns its number. */
  noteWrite(): number {
    return ++this.#writeCount
  }

  /** Records that the writes up to a number are on the device. */
  noteSynced(writeCount: number): void {
    this.#syncedCount = Math.max(this.#syncedCount, writeCount)
  }

  noteFailure(error: unknown): void {
    this.#failure ??= { error }
  }

  /** @throws the first failed sync of the file. */
  assertNoFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #lostError(what: string, cause: unknown): LdbError {
    return new LdbError('LDB_POISONED', `${this.path} ${what} while it was open`, {
      details: { file: this.path },
      ...(cause === undefined ? {} : { cause }),
    })
  }
}

/** Returns the identity of an open file; by its name where the file does not know it. */
export function identityOf(vfs: Vfs, file: VfsFile, path: string): string | undefined {
  return optionalMember(file, 'identity')?.call(file) ?? vfs.status(path)?.identity
}
