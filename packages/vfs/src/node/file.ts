import { fs } from '#system'
import { createThreadSync } from '#thread-sync'
import { BIGINT } from './call-options.js'
import { assertLength, assertSpan } from '../byte-span.js'
import { closedFileError, fileError, readOnlyFileError } from '../file-error.js'
import type { DeadlineSync } from '../environment/deadline-sync.js'
import { attempt, errnoOf, nodeError } from './error.js'
import { identityOf } from './identity.js'
import type { VfsFile } from '../vfs.js'

/** Greatest transfer of one system call, in bytes; Node accepts at most 2^31 - 1. */
const SYSCALL_BYTES_MAX = 2 ** 30
/** Length of the zero buffer that preallocation writes, in bytes. */
const ZERO_BYTES = 2 ** 20
/** Greatest number of consecutive retries of an interrupted call before it fails. */
const RETRIES_MAX = 1000

/** Closes the descriptors of files that were garbage-collected while they were open (F9). */
const unreachableFiles = new FinalizationRegistry<number>((descriptor) => {
  try {
    fs.closeSync(descriptor)
  } catch {
    // There is no caller to which the failure could be reported.
  }
})

type TransferAsync = (
  bytes: Uint8Array,
  start: number,
  byteCount: number,
  fileOffset: number,
) => Promise<number>

/**
 * An open file of the operating system.
 *
 * The operating system may reuse a closed descriptor for another file at once, so {@link NodeFile.close} defers closing the
 * descriptor until the last asynchronous operation in flight ends (F4). An operation in flight keeps the file reachable.
 */
export class NodeFile implements VfsFile {
  readonly path: string
  readonly #descriptor: number
  readonly #writable: boolean
  #open = true
  #pendingCount = 0

  constructor(path: string, descriptor: number, writable: boolean) {
    this.path = path
    this.#descriptor = descriptor
    this.#writable = writable
    unreachableFiles.register(this, descriptor, this)
  }

  identity(): string {
    this.#check('identity')
    return attempt('identity', this.path, () => identityOf(fs.fstatSync(this.#descriptor, BIGINT)))
  }

  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number {
    this.#check('read')
    assertSpan(target, targetOffset, byteCount, fileOffset)
    let done = 0
    while (done < byteCount) {
      const count = this.#readSome(target, targetOffset + done, byteCount - done, fileOffset + done)
      if (count === 0) break
      done += count
    }
    return done
  }

  write(source: Uint8Array, sourceOffset: number, byteCount: number, fileOffset: number): void {
    this.#checkWritable('write')
    assertSpan(source, sourceOffset, byteCount, fileOffset)
    for (let done = 0; done < byteCount;) {
      const position = fileOffset + done
      const count = this.#writeSome(source, sourceOffset + done, byteCount - done, position)
      if (count === 0) throw this.#noProgressError(position)
      done += count
    }
  }

  sync(): void {
    this.#check('sync')
    attempt('sync', this.path, () => {
      fs.fdatasyncSync(this.#descriptor)
    })
  }

  truncate(length: number): void {
    this.#checkWritable('truncate')
    assertLength(length)
    attempt('truncate', this.path, () => {
      fs.ftruncateSync(this.#descriptor, length)
    })
  }

  length(): number {
    this.#check('length')
    return attempt('length', this.path, () => fs.fstatSync(this.#descriptor).size)
  }

  /** Truncates the file to its previous length when a write fails. */
  preallocate(length: number): void {
    this.#checkWritable('preallocate')
    assertLength(length)
    const oldLength = this.length()
    if (length <= oldLength) return
    const zeros = new Uint8Array(Math.min(ZERO_BYTES, length - oldLength))
    try {
      for (let offset = oldLength; offset < length; offset += zeros.length) {
        this.write(zeros, 0, Math.min(zeros.length, length - offset), offset)
      }
    } catch (error) {
      this.#truncateAfterFailure(oldLength)
      throw error
    }
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    if (this.#pendingCount === 0) this.#closeDescriptor()
  }

  async readAsync(
    target: Uint8Array,
    targetOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<number> {
    this.#check('read')
    assertSpan(target, targetOffset, byteCount, fileOffset)
    return this.#trackPending(async () => {
      let done = 0
      while (done < byteCount) {
        const start = targetOffset + done
        const position = fileOffset + done
        const count = await this.#transferWithRetry(
          'read',
          this.#readOnceAsync,
          target,
          start,
          byteCount - done,
          position,
        )
        if (count === 0) break
        done += count
      }
      return done
    })
  }

  async writeAsync(
    source: Uint8Array,
    sourceOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<void> {
    this.#checkWritable('write')
    assertSpan(source, sourceOffset, byteCount, fileOffset)
    return this.#trackPending(async () => {
      for (let done = 0; done < byteCount;) {
        const start = sourceOffset + done
        const position = fileOffset + done
        const count = await this.#transferWithRetry(
          'write',
          this.#writeOnceAsync,
          source,
          start,
          byteCount - done,
          position,
        )
        if (count === 0) throw this.#noProgressError(position)
        done += count
      }
    })
  }

  async syncAsync(): Promise<void> {
    this.#check('sync')
    return this.#trackPending(
      () =>
        new Promise<void>((resolve, reject) => {
          fs.fdatasync(this.#descriptor, (error) => {
            if (error === null) resolve()
            else reject(nodeError(error, { operation: 'sync', file: this.path }))
          })
        }),
    )
  }

  deadlineSync(): DeadlineSync | undefined {
    return createThreadSync(this.path, this.identity())
  }

  readonly #readOnceAsync: TransferAsync = (bytes, start, byteCount, fileOffset) =>
    new Promise((resolve, reject) => {
      fs.read(this.#descriptor, bytes, start, byteCount, fileOffset, (error, count) => {
        if (error === null) resolve(count)
        else reject(error)
      })
    })

  readonly #writeOnceAsync: TransferAsync = (bytes, start, byteCount, fileOffset) =>
    new Promise((resolve, reject) => {
      fs.write(this.#descriptor, bytes, start, byteCount, fileOffset, (error, count) => {
        if (error === null) resolve(count)
        else reject(error)
      })
    })

  /** Makes one read call and retries it when it was interrupted before it transferred a byte (F5). */
  #readSome(bytes: Uint8Array, start: number, byteCount: number, offset: number): number {
    for (let retryCount = 0; ; retryCount++) {
      try {
        return fs.readSync(this.#descriptor, bytes, start, Math.min(byteCount, SYSCALL_BYTES_MAX), offset)
      } catch (error) {
        if (!isInterruption(error, retryCount)) {
          throw nodeError(error, { operation: 'read', file: this.path, offset })
        }
      }
    }
  }

  /** Makes one write call and retries it when it was interrupted before it transferred a byte (F5). */
  #writeSome(bytes: Uint8Array, start: number, byteCount: number, offset: number): number {
    for (let retryCount = 0; ; retryCount++) {
      try {
        return fs.writeSync(this.#descriptor, bytes, start, Math.min(byteCount, SYSCALL_BYTES_MAX), offset)
      } catch (error) {
        if (!isInterruption(error, retryCount)) {
          throw nodeError(error, { operation: 'write', file: this.path, offset })
        }
      }
    }
  }

  async #transferWithRetry(
    operation: string,
    transfer: TransferAsync,
    bytes: Uint8Array,
    start: number,
    byteCount: number,
    offset: number,
  ): Promise<number> {
    for (let retryCount = 0; ; retryCount++) {
      try {
        return await transfer(bytes, start, Math.min(byteCount, SYSCALL_BYTES_MAX), offset)
      } catch (error) {
        if (!isInterruption(error, retryCount)) throw nodeError(error, { operation, file: this.path, offset })
      }
    }
  }

  async #trackPending<T>(action: () => Promise<T>): Promise<T> {
    this.#pendingCount++
    try {
      return await action()
    } finally {
      this.#pendingCount--
      if (!this.#open && this.#pendingCount === 0) this.#closeDescriptor()
    }
  }

  #closeDescriptor(): void {
    unreachableFiles.unregister(this)
    attempt('close', this.path, () => {
      fs.closeSync(this.#descriptor)
    })
  }

  #truncateAfterFailure(length: number): void {
    try {
      fs.ftruncateSync(this.#descriptor, length)
    } catch {
      // The caller reports the error of the failed write.
    }
  }

  #noProgressError(offset: number): Error {
    return fileError(
      'EIO',
      { operation: 'write', file: this.path, offset },
      new Error('the write made no progress'),
    )
  }

  #check(operation: string): void {
    if (!this.#open) throw closedFileError(this.path, operation)
  }

  #checkWritable(operation: string): void {
    this.#check(operation)
    if (!this.#writable) throw readOnlyFileError(this.path, operation)
  }
}

function isInterruption(error: unknown, retryCount: number): boolean {
  const errno = errnoOf(error)
  return (errno === 'EINTR' || errno === 'EAGAIN') && retryCount < RETRIES_MAX
}
