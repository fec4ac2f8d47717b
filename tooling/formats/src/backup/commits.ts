// Commits in backups and archives: "Commit of a backup" and "Encrypted backups and archives" of FORMAT.md of packages/core.
import { ByteView } from '../bytes/byte-view.js'
import { requireSound } from '../bytes/format-error.js'
import { UNIT_KINDS } from '../encryption/data-keys.js'
import type { DataKeys, FileCipher } from '../encryption/data-keys.js'

const HEADER_BYTES = 16

/** A commit, or the payload of another frame of an archive. */
export interface CopiedCommit {
  readonly type: number
  readonly seq: number
  readonly payload: Uint8Array
}

/** Returns what decrypts the commits of a branch; `undefined` when the database is not encrypted. */
export function commitCipher(keys: DataKeys | undefined, branchId: Uint8Array): FileCipher | undefined {
  return keys?.cipherOf('backup', branchId)
}

/** Returns a payload from its stored form. */
export function openedPayload(
  cipher: FileCipher | undefined,
  type: number,
  seq: number,
  stored: Uint8Array,
): Uint8Array {
  return cipher === undefined ? stored : cipher.open(UNIT_KINDS.logRecord, seq, type, stored)
}

/** Reads the commits in a file of role 2. */
export function readCommits(bytes: Uint8Array, since: number, cipher?: FileCipher): CopiedCommit[] {
  const view = new ByteView(bytes)
  const commits: CopiedCommit[] = []
  let at = 0
  while (at < view.length) {
    const end = at + HEADER_BYTES + view.u32(at)
    const [type, seq] = [view.u8(at + 4), view.u64(at + 8)]
    requireSound([0, 1, 6, 7].includes(type) && view.isZero(at + 5, at + 8), 'type of a commit')
    requireSound(seq === since + commits.length + 1, 'number of a commit')
    const stored = view.slice(at + HEADER_BYTES, end)
    commits.push({ type, seq, payload: openedPayload(cipher, type, seq, stored) })
    at = end
  }
  return commits
}
