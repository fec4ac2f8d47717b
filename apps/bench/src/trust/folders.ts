import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A file of a folder, and its bytes. */
export interface FileBytes {
  /** Path within the folder. */
  readonly path: string
  readonly bytes: Buffer
}

/** Returns the files of a folder and its subfolders, by path; sockets and the like are left out. */
export function readFolder(dir: string): FileBytes[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(dir, path)).isFile())
    .sort()
    .map((path) => ({ path, bytes: readFileSync(join(dir, path)) }))
}

/** Copies a folder. */
export function copyFolder(source: string, target: string): void {
  cpSync(source, target, { recursive: true })
}

/** Reports whether two folders have the same files with the same bytes. */
export function isSameFolder(left: readonly FileBytes[], right: readonly FileBytes[]): boolean {
  return (
    left.length === right.length &&
    left.every(({ path, bytes }, index) => path === right[index]?.path && bytes.equals(right[index].bytes))
  )
}
