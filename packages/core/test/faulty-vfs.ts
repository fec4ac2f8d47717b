import { LdbError } from '@ldb/base'
import { MemoryVfs } from '@ldb/vfs'
import type { LockMode, OpenMode, VfsFile, VfsLock } from '@ldb/vfs'

/** Names of the calls that can fail. */
export type VfsCall =
  | 'open'
  | 'read'
  | 'readAsync'
  | 'write'
  | 'sync'
  | 'syncAsync'
  | 'truncate'
  | 'preallocate'
  | 'makeDirectory'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'close'

/** A file system in memory that injects failures. */
export class FaultyVfs extends MemoryVfs {
  /** Bytes read from files. */
  bytesRead = 0
  /** Syncs off the thread wait for this promise. */
  syncGate: Promise<void> = Promise.resolve()
  /** Precedes every operation off the thread. */
  delay: () => Promise<void> = () => Promise.resolve()
  /** Called before each call. A returned error is thrown. */
  fault: (call: VfsCall, path: string) => LdbError | undefined = () => undefined

  override open(path: string, mode: OpenMode): VfsFile {
    this.meet('open', path)
    return faultyFile(this, super.open(path, mode))
  }

  override makeDirectory(path: string): void {
    this.meet('makeDirectory', path)
    super.makeDirectory(path)
  }

  override rename(source: string, target: string): void {
    this.meet('rename', source)
    super.rename(source, target)
  }

  override remove(path: string): void {
    this.meet('remove', path)
    super.remove(path)
  }

  async removeAsync(path: string): Promise<void> {
    await this.syncGate
    this.remove(path)
  }

  override syncDirectory(path: string): void {
    this.meet('syncDirectory', path)
    super.syncDirectory(path)
  }

  override lock(directory: string, mode?: LockMode): VfsLock {
    return super.lock(directory, mode)
  }

  meet(call: VfsCall, path: string): void {
    const error = this.fault(call, path)
    if (error !== undefined) throw error
  }
}

/** Returns the error of a full or failed device. */
export function deviceError(code: 'LDB_NO_SPACE' | 'LDB_IO', call: VfsCall, path: string): LdbError {
  return new LdbError(code, `injected failure of ${call} of ${path}`, {
    details: { file: path, operation: call },
  })
}

function faultyFile(vfs: FaultyVfs, file: VfsFile): VfsFile {
  const { path } = file
  return {
    path,
    identity: () => file.identity?.(),
    read: (target, targetOffset, byteCount, fileOffset) => {
      vfs.meet('read', path)
      const count = file.read(target, targetOffset, byteCount, fileOffset)
      vfs.bytesRead += count
      return count
    },
    write: (source, sourceOffset, byteCount, fileOffset) => {
      vfs.meet('write', path)
      file.write(source, sourceOffset, byteCount, fileOffset)
    },
    sync: () => {
      vfs.meet('sync', path)
      file.sync()
    },
    truncate: (length) => {
      vfs.meet('truncate', path)
      file.truncate(length)
    },
    length: () => file.length(),
    preallocate: (length) => {
      vfs.meet('preallocate', path)
      file.preallocate(length)
    },
    close: () => {
      // The file is closed even if the call fails.
      file.close()
      vfs.meet('close', path)
    },
    readAsync: async (...where) => {
      await vfs.delay()
      vfs.meet('readAsync', path)
      return file.readAsync(...where)
    },
    writeAsync: async (...where) => {
      await vfs.delay()
      await file.writeAsync(...where)
    },
    syncAsync: async () => {
      await vfs.delay()
      await vfs.syncGate
      vfs.meet('syncAsync', path)
      await file.syncAsync()
    },
  }
}
