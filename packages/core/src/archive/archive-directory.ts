import { equalBytes, isLdbError, LdbError } from '@ldb/base'
import type { Vfs } from '@ldb/vfs'
import type { Catalog } from '../catalog/catalog.js'
import { isCommitType } from '../format.js'
import type { SealedCommits } from '../encryption/sealed-commits.js'
import { ArchiveFileReader } from './archive-file.js'

/** What identifies the history that an archive contains. */
export type ArchivedBranch = Pick<Catalog, 'databaseId' | 'branchId'>

/** Returns the directory of a branch in an archive: several databases and branches may share one. */
export function branchPath(archive: string, { databaseId, branchId }: ArchivedBranch): string {
  return `${archive}/${hex(databaseId)}-${hex(branchId)}`
}

/** Returns the path of the file whose first commit is the one after `sinceSeq`. */
export function archiveFilePath(branch: string, sinceSeq: number): string {
  return `${branch}/${String(sinceSeq + 1).padStart(16, '0')}.archive`
}

/** Returns, for each file, the commit before its first one, ascending. */
export function archivedSinceSeqs(vfs: Vfs, branch: string): number[] {
  if (vfs.status(branch) === undefined) return []
  const found: number[] = []
  for (const name of vfs.list(branch)) {
    const digits = /^(\d{16})\.archive$/.exec(name)?.[1]
    if (digits !== undefined && Number(digits) > 0) found.push(Number(digits) - 1)
  }
  return found.sort((left, right) => left - right)
}

/** Returns the bytes of the files that contain only commits above `seq`. */
export function archivedBytes(vfs: Vfs, branch: string, seq: number): number {
  let byteCount = 0
  for (const sinceSeq of archivedSinceSeqs(vfs, branch)) {
    if (sinceSeq >= seq) byteCount += vfs.status(archiveFilePath(branch, sinceSeq))?.length ?? 0
  }
  return byteCount
}

/** The newest commit of an archive. */
export interface ArchiveEnd {
  readonly seq: number
  /** Its batch; `undefined` when the archive has no commit. */
  readonly payload: Uint8Array | undefined
}

/**
 * Finds the newest commit of a branch, and removes a last file that a crash has left without one: the log still contains what it was to
 * contain.
 *
 * @param truncatedSeq - the log contains the commits above this one.
 * @param sealed - decrypts its files; `undefined` when the database is not encrypted.
 * @throws {@link LdbError} LDB_CORRUPTION when the newest file is damaged, or belongs to another database; LDB_IO.
 */
export function findArchiveEnd(
  vfs: Vfs,
  branch: string,
  id: ArchivedBranch,
  truncatedSeq: number,
  sealed: SealedCommits | undefined,
): ArchiveEnd | undefined {
  for (const sinceSeq of archivedSinceSeqs(vfs, branch).reverse()) {
    const path = archiveFilePath(branch, sinceSeq)
    const isReplaceable = sinceSeq >= truncatedSeq
    try {
      const end = endOfFile(vfs, path, id, sealed)
      if (end !== undefined) return end
    } catch (error) {
      if (
        !isReplaceable ||
        !isLdbError(error) ||
        (error.code !== 'LDB_CORRUPTION' && error.code !== 'LDB_FORMAT')
      )
        throw error
    }
    vfs.remove(path)
  }
  return undefined
}

function endOfFile(
  vfs: Vfs,
  path: string,
  { databaseId, branchId }: ArchivedBranch,
  sealed: SealedCommits | undefined,
): ArchiveEnd | undefined {
  const file = vfs.open(path, 'read')
  try {
    // A crash may leave a file without its header.
    if (file.length() < HEADER_MIN) return undefined
    const reader = new ArchiveFileReader(file, sealed)
    if (!equalBytes(reader.header.databaseId, databaseId) || !equalBytes(reader.header.branchId, branchId)) {
      throw new LdbError('LDB_CORRUPTION', `the archive file belongs to another database (${path})`, {
        details: { file: path, offset: 0 },
      })
    }
    let end: ArchiveEnd | undefined
    while (reader.next()) {
      if (isCommitType(reader.type)) end = { seq: reader.seq, payload: reader.payload.slice() }
    }
    return end
  } finally {
    file.close()
  }
}

/** A shorter file has no commit. */
const HEADER_MIN = 128

function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
