import { DirectorySync, FileRemoval, resolvePath } from '@ldb/vfs'
import type { FilePath, FileStatus, LockMode, OpenMode, Vfs, VfsFile, VfsLock } from '@ldb/vfs'

/** A call to a file system. */
export type VfsCall =
  | { readonly kind: 'open'; readonly path: string; readonly mode: OpenMode }
  | { readonly kind: 'rename'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'read' | 'write'
      readonly path: string
      readonly file: VfsFile
      readonly span: ByteSpan
    }
  | { readonly kind: 'sync'; readonly path: string; readonly file: VfsFile }
  | {
      readonly kind: 'truncate' | 'preallocate'
      readonly path: string
      readonly file: VfsFile
      readonly length: number
    }
  | { readonly kind: 'length' | 'close'; readonly path: string; readonly file: VfsFile }
  | {
      readonly kind:
        'status' | 'list' | 'makeDirectory' | 'remove' | 'removeDirectory' | 'syncDirectory' | 'lock'
      readonly path: string
    }

/** A read or write. */
export type VfsWrite = Extract<VfsCall, { readonly kind: 'read' | 'write' }>

/** Kinds of call. */
export type VfsCallKind = VfsCall['kind']

/** A range of an array, and its offset in a file. */
export interface ByteSpan {
  readonly bytes: Uint8Array
  readonly start: number
  readonly byteCount: number
  readonly fileOffset: number
}

/** A file system that forwards every call to another one through {@link LayerVfs.around}. */
export abstract class LayerVfs implements Vfs {
  readonly clock: Vfs['clock']
  readonly random: Vfs['random']
  readonly scheduler: Vfs['scheduler']
  protected readonly below: Vfs

  protected constructor(below: Vfs) {
    this.clock = below.clock
    this.random = below.random
    this.scheduler = below.scheduler
    this.below = below
  }

  /** Runs the call, or replaces it. */
  abstract around<T>(call: VfsCall, run: () => T): T
  /** As {@link LayerVfs.around}, for asynchronous calls. */
  abstract aroundAsync<T>(call: VfsCall, run: () => Promise<T>): Promise<T>

  absolutePath(path: FilePath): string {
    return resolvePath(this.below, path)
  }

  open(path: string, mode: OpenMode): VfsFile {
    return this.around({ kind: 'open', path, mode }, () => new LayerFile(this, this.below.open(path, mode)))
  }

  status(path: string): FileStatus | undefined {
    return this.around({ kind: 'status', path }, () => this.below.status(path))
  }

  list(path: string): string[] {
    return this.around({ kind: 'list', path }, () => this.below.list(path))
  }

  makeDirectory(path: string): void {
    this.around({ kind: 'makeDirectory', path }, () => {
      this.below.makeDirectory(path)
    })
  }

  rename(source: string, target: string): void {
    this.around({ kind: 'rename', path: source, target }, () => {
      this.below.rename(source, target)
    })
  }

  remove(path: string): void {
    this.around({ kind: 'remove', path }, () => {
      this.below.remove(path)
    })
  }

  removeAsync(path: string): Promise<void> {
    return this.aroundAsync({ kind: 'remove', path }, () => new FileRemoval(this.below, path).syncAsync())
  }

  removeDirectory(path: string): void {
    this.around({ kind: 'removeDirectory', path }, () => {
      this.below.removeDirectory(path)
    })
  }

  syncDirectory(path: string): void {
    this.around({ kind: 'syncDirectory', path }, () => {
      this.below.syncDirectory(path)
    })
  }

  syncDirectoryAsync(path: string): Promise<void> {
    return this.aroundAsync({ kind: 'syncDirectory', path }, () =>
      new DirectorySync(this.below, path).syncAsync(),
    )
  }

  lock(directory: string, mode?: LockMode): VfsLock {
    return this.around({ kind: 'lock', path: directory }, () => this.below.lock(directory, mode))
  }
}

/** An open file of a {@link LayerVfs}. */
class LayerFile implements VfsFile {
  readonly path: string
  readonly #layer: LayerVfs
  readonly #file: VfsFile
  #open = true

  constructor(layer: LayerVfs, file: VfsFile) {
    this.path = file.path
    this.#layer = layer
    this.#file = file
  }

  identity(): string | undefined {
    return this.#file.identity?.()
  }

  read(bytes: Uint8Array, start: number, byteCount: number, fileOffset: number): number {
    const call = this.#call('read', bytes, start, byteCount, fileOffset)
    return this.#layer.around(call, () => this.#file.read(bytes, start, byteCount, fileOffset))
  }

  write(bytes: Uint8Array, start: number, byteCount: number, fileOffset: number): void {
    this.#layer.around(this.#call('write', bytes, start, byteCount, fileOffset), () => {
      this.#file.write(bytes, start, byteCount, fileOffset)
    })
  }

  sync(): void {
    this.#layer.around({ kind: 'sync', path: this.path, file: this.#file }, () => {
      this.#file.sync()
    })
  }

  truncate(length: number): void {
    this.#layer.around({ kind: 'truncate', path: this.path, file: this.#file, length }, () => {
      this.#file.truncate(length)
    })
  }

  length(): number {
    return this.#layer.around({ kind: 'length', path: this.path, file: this.#file }, () =>
      this.#file.length(),
    )
  }

  preallocate(length: number): void {
    this.#layer.around({ kind: 'preallocate', path: this.path, file: this.#file, length }, () => {
      this.#file.preallocate(length)
    })
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#layer.around({ kind: 'close', path: this.path, file: this.#file }, () => {
      this.#file.close()
    })
  }

  readAsync(bytes: Uint8Array, start: number, byteCount: number, fileOffset: number): Promise<number> {
    const call = this.#call('read', bytes, start, byteCount, fileOffset)
    return this.#layer.aroundAsync(call, () => this.#file.readAsync(bytes, start, byteCount, fileOffset))
  }

  writeAsync(bytes: Uint8Array, start: number, byteCount: number, fileOffset: number): Promise<void> {
    const call = this.#call('write', bytes, start, byteCount, fileOffset)
    return this.#layer.aroundAsync(call, () => this.#file.writeAsync(bytes, start, byteCount, fileOffset))
  }

  syncAsync(): Promise<void> {
    const call: VfsCall = { kind: 'sync', path: this.path, file: this.#file }
    return this.#layer.aroundAsync(call, () => this.#file.syncAsync())
  }

  #call(
    kind: 'read' | 'write',
    bytes: Uint8Array,
    start: number,
    byteCount: number,
    fileOffset: number,
  ): VfsCall {
    return { kind, path: this.path, file: this.#file, span: { bytes, start, byteCount, fileOffset } }
  }
}
