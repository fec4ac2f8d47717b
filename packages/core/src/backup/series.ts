import { corruption, equalBytes, isLdbError, LdbError } from '@ldb/base'
import { directoryOf } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import { BACKUP_BYTES_MAX } from '../format.js'
import { decodeManifest, isFull } from './manifest.js'
import type { BackupManifest } from './manifest.js'

/** Name of the manifest in the directory of a backup. */
export const MANIFEST_NAME = 'BACKUP'
/** Ending of a backup that is being written. */
const NEW_ENDING = '.new'

/** Returns the directory of a backup of a series. */
export function backupPath(directory: string, number: number): string {
  return `${directory}/${number}`
}

/** Returns the directory in which a backup is written. */
export function newBackupPath(directory: string, number: number): string {
  return `${backupPath(directory, number)}${NEW_ENDING}`
}

/** Returns the path of the file with the stored blocks of a file of a backup. `index` is its position in the manifest. */
export function dataPath(backup: string, index: number): string {
  return `${backup}/${index + 1}.data`
}

/** Returns the numbers of the backups in a directory, ascending; `undefined` when it is absent. */
export function backupNumbers(vfs: Vfs, directory: string): number[] | undefined {
  if (vfs.status(directory) === undefined) return undefined
  const numbers: number[] = []
  for (const name of vfs.list(directory)) if (/^[1-9]\d{0,8}$/.test(name)) numbers.push(Number(name))
  return numbers.sort((left, right) => left - right)
}

/** Reads the manifest of a backup. @throws {@link LdbError} LDB_CORRUPTION, LDB_FORMAT, LDB_IO. */
export function readManifest(vfs: Vfs, backup: string): BackupManifest {
  const path = `${backup}/${MANIFEST_NAME}`
  const file = openForReading(vfs, path)
  try {
    const length = file.length()
    if (length > BACKUP_BYTES_MAX)
      throw corruption(path, BACKUP_BYTES_MAX, 'the manifest of the backup is too long')
    const bytes = new Uint8Array(length)
    const count = file.read(bytes, 0, length, 0)
    return decodeManifest(count === length ? bytes : bytes.slice(0, count), path)
  } finally {
    file.close()
  }
}

/** Opens a file of a backup. (D9) One that is absent was lost. */
export function openForReading(vfs: Vfs, path: string): ReturnType<Vfs['open']> {
  if (vfs.status(path)?.kind !== 'file') throw corruption(path, 0, 'a file of the backup is missing')
  return vfs.open(path, 'read')
}

/** A backup with those that it continues, newest first. The last one is full. */
export interface BackupChain {
  readonly manifests: readonly BackupManifest[]
  /** Directory of each. */
  readonly paths: readonly string[]
}

/** Reads a backup of a series and its ancestors. @throws {@link LdbError} LDB_CORRUPTION when one is missing or damaged. */
export function readChain(vfs: Vfs, directory: string, number: number): BackupChain {
  const manifests: BackupManifest[] = []
  const paths: string[] = []
  for (let at = number; ; at--) {
    const path = backupPath(directory, at)
    const manifest = readManifest(vfs, path)
    const child = manifests.at(-1)
    const isParent = child === undefined || equalBytes(child.parentId, manifest.backupId)
    if (manifest.number !== at || !isParent) {
      throw corruption(
        `${path}/${MANIFEST_NAME}`,
        0,
        'the backup is not the one that its successor continues',
      )
    }
    manifests.push(manifest)
    paths.push(path)
    if (isFull(manifest)) return { manifests, paths }
    if (at === 1)
      throw corruption(`${path}/${MANIFEST_NAME}`, 0, 'the backup that this one continues is missing')
  }
}

/** Removes a directory with everything in it, as far as possible. It has a name that only this code gives. */
export function discardDirectory(vfs: Vfs, path: string): void {
  try {
    removeTree(vfs, path)
  } catch (error) {
    if (!isLdbError(error)) throw error
  }
}

function removeTree(vfs: Vfs, path: string): void {
  if (vfs.status(path)?.kind !== 'directory') return
  for (const name of vfs.list(path)) {
    const child = `${path}/${name}`
    if (vfs.status(child)?.kind === 'directory') removeTree(vfs, child)
    else vfs.remove(child)
  }
  vfs.removeDirectory(path)
}

/** Returns the nearest directory around a path that exists. */
export function existingParentOf(vfs: Vfs, path: string): string {
  let parent = directoryOf(path)
  while (vfs.status(parent) === undefined && directoryOf(parent) !== parent) parent = directoryOf(parent)
  return parent
}

/** @throws {@link LdbError} LDB_NO_SPACE when the device of an existing path reports less space. */
export function assertSpace(vfs: Vfs, path: string, neededBytes: number): void {
  const freeBytes = vfs.freeBytes?.(path)
  if (freeBytes === undefined || freeBytes >= neededBytes) return
  throw new LdbError(
    'LDB_NO_SPACE',
    `${neededBytes} bytes are needed at ${path}, and ${freeBytes} are free`,
    {
      details: { file: path, expected: neededBytes, actual: freeBytes },
    },
  )
}
