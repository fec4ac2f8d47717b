import { optionalMember } from '@ldb/base'
import { DirectorySync, FileRemoval, resolvePath } from '@ldb/vfs'
import type {
  Clock,
  DeadlineSync,
  FilePath,
  FileStatus,
  LockMode,
  OpenMode,
  RandomSource,
  Scheduler,
  Vfs,
  VfsFile,
  VfsLock,
} from '@ldb/vfs'
import type { ReadGate } from './read-gate.js'
import { Staging } from './staging.js'

/** A file system whose files read through the read gate. Every other call goes to the underlying file system. */
export class GatedVfs implements Vfs {
  readonly clock: Clock
  readonly random: RandomSource
  readonly scheduler: Scheduler
  readonly #vfs: Vfs
  readonly #gate: ReadGate

  constructor(below: Vfs, gate: ReadGate) {
    this.clock = below.clock
    this.random = below.random
    this.scheduler = below.scheduler
    this.#vfs = below
    this.#gate = gate
  }

  absolutePath(path: FilePath): string {
    return resolvePath(this.#vfs, path)
  }

  open(path: string, mode: OpenMode): VfsFile {
    return new GatedFile(this.#vfs.open(path, mode), this.#gate)
  }

  status(path: string): FileStatus | undefined {
    return this.#vfs.status(path)
  }

  list(path: string): string[] {
    return this.#vfs.list(path)
  }

  makeDirectory(path: string): void {
    this.#vfs.makeDirectory(path)
  }

  rename(source: string, target: string): void {
    this.#vfs.rename(source, target)
  }

  remove(path: string): void {
    this.#vfs.remove(path)
  }

  async removeAsync(path: string): Promise<void> {
    await new FileRemoval(this.#vfs, path).syncAsync()
  }

  removeDirectory(path: string): void {
    this.#vfs.removeDirectory(path)
  }

  syncDirectory(path: string): void {
    this.#vfs.syncDirectory(path)
  }

  async syncDirectoryAsync(path: string): Promise<void> {
    await new DirectorySync(this.#vfs, path).syncAsync()
  }

  lock(directory: string, mode?: LockMode): VfsLock {
    return this.#vfs.lock(directory, mode)
  }
}

/** A file whose reads miss during an attempt of the read gate, unless their span is staged. */
class GatedFile implements VfsFile {
  readonly path: string
  readonly #file: VfsFile
  readonly #gate: ReadGate
  readonly #staging: Staging

  constructor(file: VfsFile, gate: ReadGate) {
    this.path = file.path
    this.#file = file
    this.#gate = gate
    this.#staging = new Staging(file)
  }

  identity(): string | undefined {
    return optionalMember(this.#file, 'identity')?.call(this.#file)
  }

  read(target: Uint8Array, targetOffset: number, byteCount: number, fileOffset: number): number {
    const gate = this.#gate
    const staged = this.#staging.find(byteCount, fileOffset)
    if (staged?.bytes !== undefined) {
      const { length } = staged.bytes
      target.set(staged.bytes, targetOffset)
      gate.consume(staged)
      return length
    }
    gate.readCount++
    if (!gate.residentOnly) return this.#file.read(target, targetOffset, byteCount, fileOffset)
    return gate.miss({ fetch: () => this.#staging.fetch(byteCount, fileOffset) })
  }

  write(source: Uint8Array, sourceOffset: number, byteCount: number, fileOffset: number): void {
    this.#staging.invalidate(fileOffset, fileOffset + byteCount)
    this.#file.write(source, sourceOffset, byteCount, fileOffset)
  }

  sync(): void {
    this.#file.sync()
  }

  deadlineSync(): DeadlineSync | undefined {
    return optionalMember(this.#file, 'deadlineSync')?.call(this.#file)
  }

  truncate(length: number): void {
    this.#staging.invalidate(length, Infinity)
    this.#file.truncate(length)
  }

  length(): number {
    return this.#file.length()
  }

  preallocate(length: number): void {
    this.#staging.invalidate(this.#file.length(), Infinity)
    this.#file.preallocate(length)
  }

  close(): void {
    this.#staging.invalidate(0, Infinity)
    this.#file.close()
  }

  async readAsync(
    target: Uint8Array,
    targetOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<number> {
    return this.#file.readAsync(target, targetOffset, byteCount, fileOffset)
  }

  async writeAsync(
    source: Uint8Array,
    sourceOffset: number,
    byteCount: number,
    fileOffset: number,
  ): Promise<void> {
    this.#staging.invalidate(fileOffset, fileOffset + byteCount)
    await this.#file.writeAsync(source, sourceOffset, byteCount, fileOffset)
    this.#staging.invalidate(fileOffset, fileOffset + byteCount)
  }

  async syncAsync(): Promise<void> {
    return this.#file.syncAsync()
  }
}
