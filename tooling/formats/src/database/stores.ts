// The stores of keyspaces, of either engine: FORMAT.md of packages/core, "Reading a database".
import { FormatError, requireSound } from '../bytes/format-error.js'
import type { DataKeys } from '../encryption/data-keys.js'
import { readStore } from '../lsm/store.js'
import type { LsmStore } from '../lsm/store.js'
import { readMetaBlocks } from '../tree/meta.js'
import type { Entry } from '../tree/page.js'
import { readTree } from '../tree/tree.js'
import type { Tree } from '../tree/tree.js'
import type { Catalog, Keyspace } from './catalog.js'

/** Files of a directory, by path from it, with `/`. */
export type Files = ReadonlyMap<string, Uint8Array>

/** The newest checkpoint of a keyspace. */
export interface StoreContent {
  /** `undefined` with another engine. */
  readonly tree: Tree | undefined
  /** `undefined` with another engine. */
  readonly lsm: LsmStore | undefined
  readonly durableSeq: number
  /** Log segment that the checkpoint names. */
  readonly segmentId: string
  readonly entries: readonly Entry[]
}

/**
 * Reads the store of a keyspace.
 *
 * @param isOptional - the log contains every commit of the keyspace: files without a whole checkpoint of a commit count as absent.
 */
export function readStoreOf(
  files: Files,
  keyspace: Keyspace,
  { pageBytes }: Catalog,
  keys: DataKeys | undefined,
  isOptional: boolean,
): StoreContent | undefined {
  const { keyspaceId, fileId, engine } = keyspace
  const own = filesBelow(files, `keyspaces/${keyspaceId}/`)
  if (isOptional && !hasCheckpoint(own, keyspace, keys)) return undefined
  if (engine === 'lsm') {
    const lsm = readStore(own, keys)
    requireSound(lsm.storeId === fileId, `the store of keyspace ${keyspaceId} is another one`)
    const entries = lsm.entries.map(([key, value]) => ({ key, value }))
    return { tree: undefined, lsm, durableSeq: lsm.durableSeq, segmentId: lsm.segmentId, entries }
  }
  const tree = readTree(fileAt(own, 'tree.ldb'), keys)
  const { meta, entries } = tree
  requireSound(meta.fileId === fileId, `the tree of keyspace ${keyspaceId} is another file`)
  requireSound(meta.pageBytes === pageBytes, `page size of keyspace ${keyspaceId}`)
  return { tree, lsm: undefined, durableSeq: meta.durableSeq, segmentId: meta.logSegmentId, entries }
}

/** Reports whether files contain a checkpoint of a commit. */
function hasCheckpoint(own: Files, { engine }: Keyspace, keys: DataKeys | undefined): boolean {
  try {
    if (engine === 'lsm') return readStore(own, keys).durableSeq > 0
    const [newest] = readMetaBlocks(fileAt(own, 'tree.ldb'), keys)
    return newest.durableSeq > 0
  } catch (error) {
    if (error instanceof FormatError && error.code === 'LDB_CORRUPTION') return false
    throw error
  }
}

/** Returns the files below a directory, by path from it. */
export function filesBelow(files: Files, directory: string): Map<string, Uint8Array> {
  const below = [...files].filter(([path]) => path.startsWith(directory))
  return new Map(below.map(([path, bytes]) => [path.slice(directory.length), bytes]))
}

/** Returns a file, without which its owner is damaged. */
export function fileAt(files: Files, path: string): Uint8Array {
  const bytes = files.get(path)
  requireSound(bytes !== undefined, `${path} is missing`)
  return bytes
}
