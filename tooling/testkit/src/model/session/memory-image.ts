import { MemoryVfs } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'

/**
 * Copies the files that the end of the process leaves in a directory, without the lock file.
 *
 * @param seed - must differ from that of every earlier file system, so that new identifiers are unique.
 */
export function imageAfterKill(vfs: Vfs, directory: string, seed: number): MemoryVfs {
  const image = new MemoryVfs({ seed })
  copyDirectory(vfs, image, directory)
  return image
}

function copyDirectory(source: Vfs, target: Vfs, directory: string): void {
  target.makeDirectory(directory)
  for (const name of source.list(directory)) {
    const path = `${directory}/${name}`
    if (source.status(path)?.kind === 'directory') copyDirectory(source, target, path)
    else if (name !== 'LOCK') copyFile(source, target, path)
  }
}

function copyFile(source: Vfs, target: Vfs, path: string): void {
  const from = source.open(path, 'read')
  const to = target.open(path, 'createNew')
  const bytes = new Uint8Array(from.length())
  from.read(bytes, 0, bytes.length, 0)
  to.write(bytes, 0, bytes.length, 0)
  from.close()
  to.close()
}
