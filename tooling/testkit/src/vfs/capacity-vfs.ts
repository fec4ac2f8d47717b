import { fileError } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { LayerVfs } from './layer-vfs.js'
import type { VfsCall } from './layer-vfs.js'

/** A file takes a multiple of this. */
const BLOCK_BYTES = 512

/** How a device is limited. */
export interface Capacity {
  /** Bytes that its files may take together. */
  readonly capacityBytes: number
  /** Whether it reports its free space. A quota reports none. */
  readonly reportsFree: boolean
}

/**
 * A file system on a device of limited capacity: writes that would exceed it are done in part and fail with ENOSPC, as are new names.
 *
 * @remarks A hole takes no space, and takes none when it is filled later. A removed file takes no space, even while it is open.
 * @category Faults
 */
export class CapacityVfs extends LayerVfs {
  readonly freeBytes?: (path: string) => number
  readonly #root: string
  #capacityBytes: number
  /** Bytes of holes, by the identity of the file. */
  readonly #holes: Map<string, number> = new Map()
  /** Calls that failed because the device was full. */
  fullCount = 0

  /** @param root - directory whose files the device holds. */
  constructor(below: Vfs, root: string, { capacityBytes, reportsFree }: Capacity) {
    super(below)
    this.#root = root
    this.#capacityBytes = capacityBytes
    if (reportsFree) this.freeBytes = () => this.free()
  }

  /** Changes the capacity: other files take space on the device, or return it. */
  set capacityBytes(byteCount: number) {
    this.#capacityBytes = byteCount
  }

  /** True when the files take more than the device has: no device has lost power like that. */
  get isOverfull(): boolean {
    return this.#usedIn(this.#root) > this.#capacityBytes
  }

  /** Returns the bytes that are free. */
  free(): number {
    return Math.max(0, this.#capacityBytes - this.#usedIn(this.#root))
  }

  override around<T>(call: VfsCall, run: () => T): T {
    if (call.kind === 'open' && call.mode !== 'read' && this.below.status(call.path) === undefined) {
      this.#require(call, BLOCK_BYTES)
    } else if (call.kind === 'makeDirectory' || call.kind === 'lock') {
      this.#require(call, BLOCK_BYTES)
    } else if (call.kind === 'write') {
      const { fileOffset, byteCount, bytes, start } = call.span
      const length = call.file.length()
      if (fileOffset > length) this.#noteHole(call.path, fileOffset - length)
      const space = this.#spaceFor(Math.max(length, fileOffset), fileOffset + byteCount)
      if (space < fileOffset + byteCount) {
        const writable = Math.max(0, space - fileOffset)
        call.file.write(bytes, start, writable, fileOffset)
        throw this.#fullError(call)
      }
    } else if (call.kind === 'truncate') {
      this.#noteHole(call.path, call.length - call.file.length())
    } else if (call.kind === 'preallocate') {
      if (this.#spaceFor(call.file.length(), call.length) < call.length) throw this.#fullError(call)
    }
    return run()
  }

  override async aroundAsync<T>(call: VfsCall, run: () => Promise<T>): Promise<T> {
    if (call.kind === 'write') {
      const { fileOffset, byteCount } = call.span
      if (this.#spaceFor(call.file.length(), fileOffset + byteCount) < fileOffset + byteCount)
        throw this.#fullError(call)
    }
    return run()
  }

  /** Notes that a file is about to get a hole of so many bytes at its end; a negative number truncates it. */
  #noteHole(path: string, byteCount: number): void {
    const status = this.below.status(path)
    if (status === undefined || byteCount === 0) return
    const holes = this.#holes.get(status.identity) ?? 0
    const length = status.length + byteCount
    if (byteCount > 0) this.#holes.set(status.identity, holes + byteCount)
    // Holes are at the end, as far as it matters: what is cut off is a hole first.
    else this.#holes.set(status.identity, Math.max(0, Math.min(holes + byteCount, length)))
  }

  /** Returns the length that a file may have, at most `wanted`. */
  #spaceFor(length: number, wanted: number): number {
    if (blocksOf(wanted) <= blocksOf(length)) return wanted
    return Math.min(wanted, blocksOf(length) + this.free())
  }

  #require(call: VfsCall, byteCount: number): void {
    if (this.free() < byteCount) throw this.#fullError(call)
  }

  #fullError(call: VfsCall): Error {
    this.fullCount++
    return fileError('ENOSPC', { operation: call.kind, file: call.path })
  }

  #usedIn(directory: string): number {
    let used = 0
    for (const name of this.below.list(directory)) {
      const path = `${directory}/${name}`
      const status = this.below.status(path)
      if (status?.kind === 'directory') used += BLOCK_BYTES + this.#usedIn(path)
      else if (status !== undefined) {
        const holes = this.#holes.get(status.identity) ?? 0
        used += blocksOf(Math.max(0, status.length - holes))
      }
    }
    return used
  }
}

function blocksOf(byteCount: number): number {
  return Math.ceil(byteCount / BLOCK_BYTES) * BLOCK_BYTES
}
