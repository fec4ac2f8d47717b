import { MemoryVfs } from '@ldb/vfs'
import { BlobFiles } from '../src/index.js'
import type { BlobFilesOptions } from '../src/index.js'

export const KEY: Uint8Array = Uint8Array.of(107, 101, 121)

/** Returns bytes that differ for each seed. */
export function valueOf(seed: number, byteCount: number): Uint8Array {
  const value = new Uint8Array(byteCount)
  for (let index = 0; index < byteCount; index++) value[index] = index * 31 + seed * 7 + (index >> 8)
  return value
}

export function openedFiles(options?: BlobFilesOptions): { vfs: MemoryVfs; files: BlobFiles } {
  const vfs = new MemoryVfs({ seed: 7 })
  vfs.makeDirectory('blobs')
  return { vfs, files: BlobFiles.open(vfs, 'blobs', options) }
}

/** Returns the bytes of a file. */
export function bytesOf(vfs: MemoryVfs, path: string): Uint8Array {
  const file = vfs.open(path, 'read')
  const bytes = new Uint8Array(file.length())
  file.read(bytes, 0, bytes.length, 0)
  file.close()
  return bytes
}

/** Replaces the bytes of a file. */
export function replace(vfs: MemoryVfs, path: string, bytes: Uint8Array): void {
  const file = vfs.open(path, 'create')
  file.truncate(0)
  file.write(bytes, 0, bytes.length, 0)
  file.close()
}

/** Reports whether two arrays have the same bytes. The assertions of vitest take seconds for a megabyte. */
export function areEqual(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0
}
