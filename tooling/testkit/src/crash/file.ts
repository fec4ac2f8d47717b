import { assert, LdbError } from '@ldb/base'
import { fileError } from '@ldb/vfs'
import type { SyncFailingFile, SyncFailure } from '../vfs/sync-failure.js'
import type { CrashDisk } from './disk.js'
import type { CrashInode } from './inode.js'

/** An open file of a `CrashVfs`. */
export class CrashFile implements SyncFailingFile {
  readonly path: string
  readonly #disk: CrashDisk
  readonly #inode: CrashInode
  readonly #writable: boolean
  #reportedFailures: number
  #open = true

  constructor(disk: CrashDisk, path: string, inode: CrashInode, writable: boolean) {
    this.path = path
    this.#disk = disk
    this.#inode = inode
    this.#writable = writable
    this.#reportedFailures = inode.failureCount
  }

  identity(): string {
    this.#check('identity')
    return this.#inode.identity
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
    const order = this.#disk.beginChange(this.#inode)
    const bytes = source.slice(sourceOffset, sourceOffset + byteCount)
    this.#inode.change({ order, kind: 'write', offset: fileOffset, bytes })
    this.#disk.did('write', this.path)
  }

  sync(): void {
    this.#check('sync')
    this.#reportFailure()
    this.#disk.syncFile(this.#inode, this.#inode.pending.length)
    this.#disk.did('sync', this.path)
  }

  truncate(length: number): void {
    this.#checkWritable('truncate')
    assert(Number.isSafeInteger(length) && length >= 0, 'a file length must be a safe integer')
    const order = this.#disk.beginChange(this.#inode)
    this.#inode.change({ order, kind: 'length', length })
    this.#disk.did('truncate', this.path)
  }

  length(): number {
    this.#check('length')
    return this.#inode.current.length
  }

  preallocate(length: number): void {
    this.#checkWritable('preallocate')
    const offset = this.#inode.current.length
    if (length <= offset) return
    const order = this.#disk.beginChange(this.#inode)
    this.#inode.change({ order, kind: 'zeros', offset, end: length })
    this.#disk.did('write', this.path)
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

  /** Covers the changes made before it was called. Changes made while it runs may need another sync. */
  async syncAsync(): Promise<void> {
    this.#check('sync')
    const inode = this.#inode
    const covered = inode.pending.at(-1)
    await Promise.resolve()
    await Promise.resolve()
    this.#reportFailure()
    // Another sync may have made some of them durable in the meantime.
    const count = covered === undefined ? 0 : inode.pending.indexOf(covered) + 1
    this.#disk.syncFile(inode, count)
    this.#disk.did('sync', this.path)
  }

  failSync(failure: SyncFailure): void {
    const inode = this.#inode
    inode.failureCount++
    this.#reportedFailures = inode.failureCount
    if (failure === 'kept') return
    inode.pending = []
    if (failure === 'lost') inode.hasLost = true
    if (failure === 'reverted') inode.current = inode.durable.clone()
  }

  #reportFailure(): void {
    if (this.#reportedFailures === this.#inode.failureCount) return
    this.#reportedFailures = this.#inode.failureCount
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
