// Series of backups, and the databases that they contain: "Backups" of FORMAT.md of packages/core.
import { requireSound } from '../bytes/format-error.js'
import { readCatalog } from '../database/catalog.js'
import type { KeyspaceContent } from '../database/database.js'
import type { Catalog } from '../database/catalog.js'
import { BlobDirectory, Replay } from '../database/replay.js'
import { fileAt, filesBelow, readStoreOf } from '../database/stores.js'
import type { Files, StoreContent } from '../database/stores.js'
import type { DataKeys } from '../encryption/data-keys.js'
import { readKeyFile } from '../encryption/key-file.js'
import type { Secret } from '../encryption/key-file.js'
import { commitCipher, readCommits } from './commits.js'
import type { CopiedCommit } from './commits.js'
import type { Archive } from './archive.js'
import { readManifest } from './manifest.js'
import type { BackupFile, BackupManifest } from './manifest.js'
import { readBackupFile } from './stream.js'
import type { StoredBackup } from './stream.js'

const ROLES = { catalog: 1, log: 2, store: 3, blob: 4, keys: 5 } as const

/** The database that a backup contains. */
export interface CopiedDatabase {
  readonly manifest: BackupManifest
  readonly catalog: Catalog
  /** Newest commit. */
  readonly seq: number
  readonly keyspaces: readonly KeyspaceContent[]
  readonly keys: DataKeys | undefined
}

/** Returns a backup of a series and those that it continues, newest first. Keys of `files` are paths from the directory of the series. */
export function readSeries(files: Files, number: number): StoredBackup[] {
  const own = filesBelow(files, `${number}/`)
  const manifest = readManifest(fileAt(own, 'BACKUP'))
  requireSound(manifest.number === number, 'number of a backup')
  const data = new Map<number, Uint8Array>()
  for (const [index, file] of manifest.files.entries()) {
    const storedBlocks = file.stored.filter(Boolean).length
    const bytes = own.get(`${index + 1}.data`)
    requireSound(
      (bytes !== undefined) === storedBlocks > 0,
      'a file without blocks, or blocks without a file',
    )
    if (bytes !== undefined) data.set(index + 1, bytes)
  }
  const backup = { manifest, data, sectionCount: 0 }
  if (manifest.parentId === undefined) return [backup]
  const [parent, ...others] = readSeries(files, number - 1)
  requireSound(parent?.manifest.backupId === manifest.parentId, 'a backup continues another one')
  return [backup, parent, ...others]
}

/** Returns the data keys in the first of backups that continue each other. */
export function keysOfBackup(chain: readonly StoredBackup[], secret: Secret): DataKeys {
  const file = chain[0]?.manifest.files.find(({ role }) => role === ROLES.keys)
  requireSound(file !== undefined, 'the backup has no key file')
  return readKeyFile(readBackupFile(chain, file), secret)
}

/**
 * Reads the database in the first of backups that continue each other, newest first.
 *
 * @param keys - data keys of an encrypted database: those of the backup, or of the archive.
 * @param archive - its commits above the backup are applied.
 */
export function readBackup(
  chain: readonly StoredBackup[],
  keys?: DataKeys,
  archive?: Archive,
): CopiedDatabase {
  const manifest = chain[0]?.manifest
  requireSound(manifest !== undefined, 'no backup')
  const contentOf = (role: number): [BackupFile, Uint8Array][] =>
    manifest.files.filter((file) => file.role === role).map((file) => [file, readBackupFile(chain, file)])
  const [catalogFile] = contentOf(ROLES.catalog)
  const copied = readCatalog(catalogFile?.[1] ?? new Uint8Array(), keys)
  requireSound(copied.databaseId === manifest.databaseId, 'a manifest names another database')
  requireSound(copied.branchId === manifest.branchId, 'a manifest names another branch')
  const files = new Map<string, Uint8Array>()
  for (const [{ number }, bytes] of contentOf(ROLES.blob)) files.set(`blobs/${number}.blob`, bytes)
  const heads = new Map<number, BackupFile>()
  for (const [file, bytes] of contentOf(ROLES.store)) {
    const { keyspaceId, number } = file
    const isTree = copied.keyspaces.find((each) => each.keyspaceId === keyspaceId)?.engine === 'btree'
    const head = isTree ? 'tree.ldb' : 'MANIFEST'
    if (number === 0) heads.set(keyspaceId, file)
    files.set(
      `keyspaces/${keyspaceId}/${number === 0 ? head : `${String(number).padStart(10, '0')}.sst`}`,
      bytes,
    )
  }
  const cipher = commitCipher(keys, idOf(manifest.branchId))
  const commits: CopiedCommit[] = contentOf(ROLES.log)
    .sort(([left], [right]) => left.number - right.number)
    .flatMap(([file, bytes]) => readCommits(bytes, file.number, cipher))
  const catalog = newestCatalog(copied, archive)
  archive?.applyBlobs(files)
  const newest = commits.at(-1)?.seq ?? manifest.logSeq
  requireSound(newest === manifest.seq, 'the backup ends with another commit')
  commits.push(...(archive?.commits.filter(({ seq }) => seq > newest) ?? []))
  const stores = storesOf(files, catalog, keys, heads)
  const replay = new Replay(catalog, stores, new BlobDirectory(files, keys), manifest.logSeq)
  for (const commit of commits) replay.apply(commit)
  const seq = replay.finish()
  const keyspaces = catalog.keyspaces.map((keyspace) => {
    const store = stores.get(keyspace.keyspaceId)
    return { keyspace, store, entries: replay.entriesOf(keyspace) }
  })
  return { manifest, catalog, seq, keyspaces, keys }
}

function newestCatalog(copied: Catalog, archive: Archive | undefined): Catalog {
  const catalogs = [copied, ...(archive?.catalogs ?? [])]
  return catalogs.reduce((newest, each) => (each.generation > newest.generation ? each : newest))
}

/** Reads the checkpoints that a manifest names. */
function storesOf(
  files: Files,
  catalog: Catalog,
  keys: DataKeys | undefined,
  heads: ReadonlyMap<number, BackupFile>,
): Map<number, StoreContent> {
  const stores = new Map<number, StoreContent>()
  for (const keyspace of catalog.keyspaces) {
    const head = heads.get(keyspace.keyspaceId)
    if (head === undefined) continue
    const store = readStoreOf(files, keyspace, catalog, keys, false)
    if (store === undefined) continue
    requireSound(store.durableSeq === head.durableSeq, 'a manifest names another checkpoint')
    requireSound(store.segmentId === head.segmentId, 'a manifest names another segment')
    stores.set(keyspace.keyspaceId, store)
  }
  return stores
}

function idOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}
