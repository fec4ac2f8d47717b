import { optionalMember } from '@ldb/base'
import type { DeadlineSync } from '../environment/deadline-sync.js'
import { closedFileError } from '../file-error.js'
import type { VfsFile } from '../vfs.js'
import { PoolEntry } from './descriptor-pool.js'
import type { DescriptorPool } from './descriptor-pool.js'
import type { PooledInode } from './pooled-inode.js'

/** An open file whose descriptor the pool may close while it is idle. The next operation opens it again, by name. */
export class PooledFile extends PoolEntry implements VfsFile {
  readonly path: string
  readonly #pool: DescriptorPool
  readonly #inode: PooledInode
  readonly #isWritable: boolean
  readonly #onClose: () => void
  /** The file below; `undefined` while it has no descriptor. */
  #file: VfsFile | undefined = undefined
  #isOpen = true
  /** Asynchronous operations in flight. */
  #pendingCount = 0
  /** Number of the last write through this handle. */
  #lastWrite = 0

  /**
   * @param first - opens the file for the first time.
   * @param inodeOf - returns the inode of the file that was opened.
   * @param onClose - called when the handle is closed.
   */
  constructor(
    path: string,
    pool: DescriptorPool,
    isWritable: boolean,
    first: () => VfsFile,
    inodeOf: (file: VfsFile) => PooledInode,
    onClose: (inode: PooledInode) => void,
  ) {
    super()
    this.path = path
    this.#pool = pool
    this.#isWritable = isWritable
    const file = pool.open(this, first, false)
    try {
      this.#inode = inodeOf(file)
    } catch (error) {
      pool.remove(this)
      file.close()
      throw error
    }
    this.#file = file
    this.#inode.handles.add(this)
    this.#onClose = (): void => {
      onClose(this.#inode)
    }
  }

  identity(): string | undefined {
    if (!this.#isOpen) throw closedFileError(this.path, 'identity')
    return this.#inode.identity
  }

  get isIdle(): boolean {
    return this.#pendingCount === 0 && !this.#inode.isRemoved && this.#file !== undefined
  }

  get isDirty(): boolean {
    return this.#lastWrite > this.#inode.syncedCount
  }

  trySync(): boolean {
    if (this.#inode.hasFailed) return false
    try {
      this.sync()
      return true
    } catch {
      return false
    }
  }

  closeDescriptor(): void {
    const file = this.#file
    this.#file = undefined
    this.#pool.remove(this)
    try {
      file?.close()
    } catch (error) {
      // The writes of the file are on the device. Its owner learns of the failure at its next sync.
      this.#inode.noteFailure(error)
    }
  }

  openDescriptor(): void {
    this.#acquire('open')
  }

  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number {
    return this.#acquire('read').read(target, targetOffset, byteCount, fileOffset)
  }

  write(source: Uint8Array, sourceOffset: number, byteCount: number, fileOffset: number): void {
    const file = this.#acquire('write')
    this.#noteWrite()
    file.write(source, sourceOffset, byteCount, fileOffset)
  }

  sync(): void {
    const file = this.#acquire('sync')
    this.#inode.assertNoFailure()
    const { writeCount } = this.#inode
    try {
      file.sync()
    } catch (error) {
      this.#inode.noteFailure(error)
      throw error
    }
    this.#inode.noteSynced(writeCount)
  }

  /** The pool does not learn of its syncs: the writes count as unsynced until the next other one. */
  deadlineSync(): DeadlineSync | undefined {
    const file = this.#acquire('sync')
    return optionalMember(file, 'deadlineSync')?.call(file)
  }

  truncate(length: number): void {
    const file = this.#acquire('truncate')
    this.#noteWrite()
    file.truncate(length)
  }

  length(): number {
    return this.#acquire('length').length()
  }

  preallocate(length: number): void {
    const file = this.#acquire('preallocate')
    this.#noteWrite()
    file.preallocate(length)
  }

  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    const file = this.#file
    this.#file = undefined
    this.#inode.handles.delete(this)
    this.#onClose()
    if (file === undefined) return
    // The file below keeps its descriptor until its operations in flight have ended.
    if (this.#pendingCount === 0) this.#pool.remove(this)
    file.close()
  }

  async readAsync(
    target: Uint8Array,
    targetOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<number> {
    return this.#pinned('read', (file) => file.readAsync(target, targetOffset, byteCount, fileOffset))
  }

  async writeAsync(
    source: Uint8Array,
    sourceOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<void> {
    await this.#pinned('write', (file) => {
      this.#noteWrite()
      return file.writeAsync(source, sourceOffset, byteCount, fileOffset).finally(() => {
        // A sync that began before the end of the write does not cover it.
        this.#noteWrite()
      })
    })
  }

  async syncAsync(): Promise<void> {
    await this.#pinned('sync', async (file) => {
      this.#inode.assertNoFailure()
      const { writeCount } = this.#inode
      try {
        await file.syncAsync()
      } catch (error) {
        this.#inode.noteFailure(error)
        throw error
      }
      this.#inode.noteSynced(writeCount)
    })
  }

  /** Runs an asynchronous operation, during which the descriptor stays open. */
  async #pinned<T>(operation: string, run: (file: VfsFile) => Promise<T>): Promise<T> {
    while (!this.#hasDescriptor(operation)) await this.#pool.operationEnded()
    // No turn of the event loop lies in between, in which the descriptor could be closed again.
    const file = this.#acquire(operation)
    this.#pendingCount++
    this.#pool.beginOperation()
    try {
      return await run(file)
    } finally {
      this.#pendingCount--
      if (!this.#isOpen && this.#pendingCount === 0) this.#pool.remove(this)
      this.#pool.endOperation()
    }
  }

  /** Returns the file below, with a descriptor. */
  #acquire(operation: string): VfsFile {
    const file = this.#file
    if (file === undefined) return this.#reopen(operation)
    this.#pool.touch(this)
    return file
  }

  #reopen(operation: string): VfsFile {
    return this.#pool.open(this, () => this.#openBelow(operation), true)
  }

  /** Opens the descriptor unless it is open. Returns false when an asynchronous operation must wait for it. */
  #hasDescriptor(operation: string): boolean {
    return (
      this.#file !== undefined || this.#pool.tryOpen(this, () => this.#openBelow(operation)) !== undefined
    )
  }

  #openBelow(operation: string): VfsFile {
    if (!this.#isOpen) throw closedFileError(this.path, operation)
    const file = this.#inode.open(this.#isWritable ? 'write' : 'read')
    this.#file = file
    return file
  }

  #noteWrite(): void {
    if (this.#isWritable) this.#lastWrite = this.#inode.noteWrite()
  }
}
