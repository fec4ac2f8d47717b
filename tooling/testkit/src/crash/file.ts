import { assert, LdbError } from '@ldb/base'
import { fileError } from '@ldb/vfs'
import type { VfsFile } from '@ldb/vfs'
import type { CrashInode } from './inode.js'
import type { CrashVfs } from './crash-vfs.js'

/**
 * How a sync fails: the changes are lost, though programs see them until the next crash, and later syncs succeed
 * (ext4, XFS); or they are gone at once (Btrfs); or they are still waiting.
 *
 * @category Faults
 */
export type SyncFailure = 'lost' | 'reverted' | 'kept'

/** A file whose sync can be made to fail the ways that file systems fail. */
export interface SyncFailingFile extends VfsFile {
  /** Does to the pending changes what a failed sync does; the caller throws. */
  failSync(failure: SyncFailure): void
}

/** An open file of a {@link CrashVfs}. */
export class CrashFile implements SyncFailingFile {
  readonly path: string
  readonly #vfs: CrashVfs
  readonly #inode: CrashInode
  readonly #writable: boolean
  #toldFailures: number
  #open = true

  constructor(vfs: CrashVfs, path: string, inode: CrashInode, writable: boolean) {
    this.path = path
    this.#vfs = vfs
    this.#inode = inode
    this.#writable = writable
    this.#toldFailures = inode.failureCount
  }

  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number {
    this.#check('read')
    assertSpan(target, targetOffset, byteCount, fileOffset)
    return this.#inode.current.read(target, targetOffset, byteCount, fileOffset)
  }

  write(source: Uint8Array, sourceOffset: number, byteCount: number, fileOffset: number): void {
    this.#checkWritable('write')
    assertSpan(source, sourceOffset, byteCount, fileOffset)
    if (byteCount === 0) return
    const order = this.#vfs.beginChange(this.#inode)
    const bytes = source.slice(sourceOffset, sourceOffset + byteCount)
    this.#inode.change({ order, kind: 'write', offset: fileOffset, bytes })
    this.#vfs.did('write', this.path)
  }

  sync(): void {
    this.#check('sync')
    this.#tellFailure()
    this.#vfs.syncChanges(this.#inode, this.#inode.pending.length)
    this.#vfs.did('sync', this.path)
  }

  truncate(length: number): void {
    this.#checkWritable('truncate')
    assert(Number.isSafeInteger(length) && length >= 0, 'a file length must be a safe integer')
    const order = this.#vfs.beginChange(this.#inode)
    this.#inode.change({ order, kind: 'length', length })
    this.#vfs.did('truncate', this.path)
  }

  length(): number {
    this.#check('length')
    return this.#inode.current.length
  }

  preallocate(length: number): void {
    this.#checkWritable('preallocate')
    const offset = this.#inode.current.length
    if (length <= offset) return
    const order = this.#vfs.beginChange(this.#inode)
    this.#inode.change({ order, kind: 'zeros', offset, end: length })
    this.#vfs.did('write', this.path)
  }

  close(): void {
    this.#open = false
  }

  async readAsync(
    target: Uint8Array,
    targetOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<number> {
    await Promise.resolve()
    return this.read(target, targetOffset, byteCount, fileOffset)
  }

  async writeAsync(
    source: Uint8Array,
    sourceOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<void> {
    await Promise.resolve()
    this.write(source, sourceOffset, byteCount, fileOffset)
  }

  /** Covers what was written when it was called; what is written while it runs may have to wait for the next. */
  async syncAsync(): Promise<void> {
    this.#check('sync')
    const inode = this.#inode
    const covered = inode.pending.at(-1)
    await Promise.resolve()
    await Promise.resolve()
    this.#tellFailure()
    // Another sync may have made some of them durable meanwhile.
    const count = covered === undefined ? 0 : inode.pending.indexOf(covered) + 1
    this.#vfs.syncChanges(inode, count)
    this.#vfs.did('sync', this.path)
  }

  failSync(failure: SyncFailure): void {
    const inode = this.#inode
    inode.failureCount++
    this.#toldFailures = inode.failureCount
    if (failure === 'kept') return
    inode.pending = []
    if (failure === 'lost') inode.hasLost = true
    if (failure === 'reverted') inode.current = inode.durable.clone()
  }

  #tellFailure(): void {
    if (this.#toldFailures === this.#inode.failureCount) return
    this.#toldFailures = this.#inode.failureCount
    throw fileError('EIO', { operation: 'sync', file: this.path })
  }

  #check(operation: string): void {
    if (this.#open) return
    throw new LdbError('LDB_CLOSED', `${operation} of ${this.path}: the file is closed`)
  }

  #checkWritable(operation: string): void {
    this.#check(operation)
    if (this.#writable) return
    throw new LdbError('LDB_READ_ONLY', `${operation} of ${this.path}: the file was opened for reading`)
  }
}

function assertSpan(bytes: Uint8Array, start: number, byteCount: number, fileOffset: number): void {
  assert(Number.isSafeInteger(start) && start >= 0 && start <= bytes.length, 'the span must start inside')
  assert(
    Number.isSafeInteger(byteCount) && byteCount >= 0 && byteCount <= bytes.length - start,
    'the span must end inside the array',
  )
  assert(Number.isSafeInteger(fileOffset) && fileOffset >= 0, 'a file offset must be a safe integer')
}
