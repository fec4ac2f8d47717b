import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'

/** The content of a directory at one moment. @category Corruption */
export interface DirectoryImage {
  /** Directories, parents first; the first is the root of the image. */
  readonly directories: readonly string[]
  /** Contents of files by path. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** Copies a directory recursively. */
export function captureImage(vfs: Vfs, directory: string): DirectoryImage {
  const directories: string[] = [directory]
  const files = new Map<string, Uint8Array>()
  for (const name of vfs.list(directory)) {
    const path = `${directory}/${name}`
    if (vfs.status(path)?.kind === 'directory') {
      const inner = captureImage(vfs, path)
      directories.push(...inner.directories)
      for (const [file, bytes] of inner.files) files.set(file, bytes)
    } else {
      files.set(path, readFile(vfs, path))
    }
  }
  return { directories, files }
}

/** Writes an image to a file system in which its directory does not exist. */
export function writeImage(vfs: Vfs, image: DirectoryImage): void {
  for (const directory of image.directories) vfs.makeDirectory(directory)
  for (const [path, bytes] of image.files) writeFile(vfs, path, bytes)
}

/** Returns an in-memory file system that contains an image. */
export function imageVfs(image: DirectoryImage): MemoryVfs {
  const vfs = new MemoryVfs()
  writeImage(vfs, image)
  return vfs
}

/** Reads a whole file. */
export function readFile(vfs: Vfs, path: string): Uint8Array<ArrayBuffer> {
  const file = vfs.open(path, 'read')
  try {
    const bytes = new Uint8Array(file.length())
    file.read(bytes, 0, bytes.length, 0)
    return bytes
  } finally {
    file.close()
  }
}

/** Creates or replaces a file with exactly these bytes. */
export function writeFile(vfs: Vfs, path: string, bytes: Uint8Array): void {
  const file = vfs.open(path, 'create')
  try {
    file.truncate(bytes.length)
    file.write(bytes, 0, bytes.length, 0)
  } finally {
    file.close()
  }
}
