import * as fs from 'node:fs'
import { assertLength, assertSpan } from '../byte-span.js'
import { closedFile, fileError, readOnlyFile } from '../file-error.js'
import { attempt, errnoOf, nodeError } from './error.js'
import type { VfsFile } from '../vfs.js'

/** Most bytes that one system call is asked to move; Node takes no more than 2^31 - 1. */
const CALL_BYTES_MAX = 2 ** 30
const ZERO_BYTES = 2 ** 20
/** How often in a row a call may ask to be made again before that counts as a failure. */
const RETRIES_MAX = 1000

type TransferAsync = (
  bytes: Uint8Array,
  start: number,
  byteCount: number,
  fileOffset: number,
) => Promise<number>

/**
 * A file of the operating system, moved at explicit positions only.
 *
 * A descriptor that was closed may be given to another file at once, so {@link NodeFile.close} leaves the descriptor
 * to the last asynchronous operation that is still under way.
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
      if (count === 0) throw this.#noProgress(position)
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

  /** Gives the space back when there is not enough of it. */
  preallocate(length: number): void {
    this.#checkWritable('preallocate')
    assertLength(length)
    const present = this.length()
    if (length <= present) return
    const zeros = new Uint8Array(Math.min(ZERO_BYTES, length - present))
    try {
      for (let offset = present; offset < length; offset += zeros.length) {
        this.write(zeros, 0, Math.min(zeros.length, length - offset), offset)
      }
    } catch (error) {
      this.#cutAfterFailure(present)
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
    return this.#pending(async () => {
      let done = 0
      while (done < byteCount) {
        const start = targetOffset + done
        const position = fileOffset + done
        const count = await this.#repeatAsync(
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
    return this.#pending(async () => {
      for (let done = 0; done < byteCount;) {
        const start = sourceOffset + done
        const position = fileOffset + done
        const count = await this.#repeatAsync(
          'write',
          this.#writeOnceAsync,
          source,
          start,
          byteCount - done,
          position,
        )
        if (count === 0) throw this.#noProgress(position)
        done += count
      }
    })
  }

  async syncAsync(): Promise<void> {
    this.#check('sync')
    return this.#pending(
      () =>
        new Promise<void>((resolve, reject) => {
          fs.fdatasync(this.#descriptor, (error) => {
            if (error === null) resolve()
            else reject(nodeError(error, { operation: 'sync', file: this.path }))
          })
        }),
    )
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

  /** Makes one call, again when it was interrupted before it did anything. */
  #readSome(bytes: Uint8Array, start: number, byteCount: number, offset: number): number {
    for (let retryCount = 0; ; retryCount++) {
      try {
        return fs.readSync(this.#descriptor, bytes, start, Math.min(byteCount, CALL_BYTES_MAX), offset)
      } catch (error) {
        if (!isInterruption(error, retryCount)) {
          throw nodeError(error, { operation: 'read', file: this.path, offset })
        }
      }
    }
  }

  /** As {@link NodeFile.#readSome}. */
  #writeSome(bytes: Uint8Array, start: number, byteCount: number, offset: number): number {
    for (let retryCount = 0; ; retryCount++) {
      try {
        return fs.writeSync(this.#descriptor, bytes, start, Math.min(byteCount, CALL_BYTES_MAX), offset)
      } catch (error) {
        if (!isInterruption(error, retryCount)) {
          throw nodeError(error, { operation: 'write', file: this.path, offset })
        }
      }
    }
  }

  async #repeatAsync(
    operation: string,
    transfer: TransferAsync,
    bytes: Uint8Array,
    start: number,
    byteCount: number,
    offset: number,
  ): Promise<number> {
    for (let retryCount = 0; ; retryCount++) {
      try {
        return await transfer(bytes, start, Math.min(byteCount, CALL_BYTES_MAX), offset)
      } catch (error) {
        if (!isInterruption(error, retryCount)) throw nodeError(error, { operation, file: this.path, offset })
      }
    }
  }

  async #pending<T>(action: () => Promise<T>): Promise<T> {
    this.#pendingCount++
    try {
      return await action()
    } finally {
      this.#pendingCount--
      if (!this.#open && this.#pendingCount === 0) this.#closeDescriptor()
    }
  }

  #closeDescriptor(): void {
    attempt('close', this.path, () => {
      fs.closeSync(this.#descriptor)
    })
  }

  #cutAfterFailure(length: number): void {
    try {
      fs.ftruncateSync(this.#descriptor, length)
    } catch {
      // The failure that brought us here is the one to report.
    }
  }

  #noProgress(offset: number): Error {
    return fileError(
      'EIO',
      { operation: 'write', file: this.path, offset },
      new Error('the write made no progress'),
    )
  }

  #check(operation: string): void {
    if (!this.#open) throw closedFile(this.path, operation)
  }

  #checkWritable(operation: string): void {
    this.#check(operation)
    if (!this.#writable) throw readOnlyFile(this.path, operation)
  }
}

function isInterruption(error: unknown, retryCount: number): boolean {
  const errno = errnoOf(error)
  return (errno === 'EINTR' || errno === 'EAGAIN') && retryCount < RETRIES_MAX
}
