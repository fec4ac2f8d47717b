import { createHash } from 'node:crypto'
import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'

/** Returns everything below a directory by path, with the bytes of files. */
export function readTree(vfs: Vfs, directory: string): Map<string, Uint8Array | undefined> {
  const found = new Map<string, Uint8Array | undefined>()
  for (const name of vfs.list(directory)) {
    const path = `${directory}/${name}`
    const kind = vfs.status(path)?.kind
    found.set(path, kind === 'file' ? readFile(vfs, path) : undefined)
    if (kind !== 'directory') continue
    for (const [inner, bytes] of readTree(vfs, path)) found.set(inner, bytes)
  }
  return found
}

/** As `readTree`, with hashes instead of bytes. */
export function hashTree(vfs: Vfs, directory: string): Map<string, string> {
  const hashes = new Map<string, string>()
  for (const [path, bytes] of readTree(vfs, directory)) {
    hashes.set(path, bytes === undefined ? '' : createHash('sha256').update(bytes).digest('hex'))
  }
  return hashes
}

export function readFile(vfs: Vfs, path: string): Uint8Array {
  const file = vfs.open(path, 'read')
  try {
    const bytes = new Uint8Array(file.length())
    file.read(bytes, 0, bytes.length, 0)
    return bytes
  } finally {
    file.close()
  }
}

export function writeFile(vfs: Vfs, path: string, bytes: Uint8Array): void {
  const file = vfs.open(path, 'create')
  try {
    file.truncate(0)
    file.write(bytes, 0, bytes.length, 0)
  } finally {
    file.close()
  }
}

/** Copies the files that a killed process leaves, without its lock. */
export function copyAfterKill(vfs: Vfs, directory: string): MemoryVfs {
  const copy = new MemoryVfs()
  copy.makeDirectory(directory)
  for (const [path, bytes] of readTree(vfs, directory)) {
    if (bytes === undefined) copy.makeDirectory(path)
    else if (!path.endsWith('/LOCK')) writeFile(copy, path, bytes)
  }
  return copy
}
