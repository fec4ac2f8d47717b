import { isLdbError } from '@ldb/base'
import { isMissingPath } from '@ldb/vfs'
import type { Vfs } from '@ldb/vfs'
import type { Catalog, KeyspaceChange, KeyspaceDescriptor } from '../catalog/catalog.js'
import { keyspaceDescriptor } from '../catalog/descriptor.js'
import {
  CONSUMERS_KEYSPACE,
  CATALOG_COPY_NAME,
  CATALOG_NAME,
  DEFAULT_KEYSPACE_ID,
  DEFAULT_KEYSPACE_NAME,
  keyspaceIdOfName,
  keyspacePath,
  keyspacesPath,
} from '../catalog/directory-layout.js'
import { readCatalog } from '../catalog/file.js'
import type { KeyAccess } from '../encryption/database-keys.js'
import { engineOfFiles } from '../engine/salvage.js'
import { DEFAULT_COMPRESSION } from '../health/compression.js'
import type { LogSurvey } from './log-survey.js'
import type { RepairFindings } from './report.js'

/** The catalog of a damaged database, or what is left of it. */
export interface FoundCatalog {
  /** `undefined` when neither the catalog nor its copy is intact. */
  readonly catalog: Catalog | undefined
  readonly origin: 'CATALOG' | 'CATALOG.copy' | 'files'
}

/** A keyspace of a damaged database. */
export interface FoundKeyspace {
  readonly descriptor: KeyspaceDescriptor
  /** The engine's section of the catalog; `undefined` when it is lost. */
  readonly section: Uint8Array | undefined
  readonly isNameLost: boolean
}

/** Reads the catalog, or its copy, or neither. Reports what is damaged. */
export function findCatalog(
  vfs: Vfs,
  directory: string,
  access: KeyAccess,
  findings: RepairFindings,
): FoundCatalog {
  for (const name of [CATALOG_NAME, CATALOG_COPY_NAME] as const) {
    try {
      return { catalog: readCatalog(vfs, directory, access, name), origin: name }
    } catch (error) {
      if (!isLdbError(error) || !(error.code === 'LDB_CORRUPTION' || isMissingPath(error))) throw error
      if (name === CATALOG_COPY_NAME) continue
      const file = `${directory}/${name}`
      findings.lose(undefined, {
        file,
        offset: error.details.offset ?? 0,
        message: error.message,
        lower: undefined,
        upper: undefined,
      })
    }
  }
  access.openAlone(vfs)
  return { catalog: undefined, origin: 'files' }
}

/**
 * Returns the keyspaces of a damaged database: those of its catalog, and those that a lost or older catalog does not name, which
 * have files or commits.
 */
export function findKeyspaces(
  vfs: Vfs,
  directory: string,
  { catalog }: FoundCatalog,
  survey: LogSurvey,
): FoundKeyspace[] {
  const isStale = catalog !== undefined && catalog.generation < survey.catalogGeneration
  const found: FoundKeyspace[] = (catalog?.keyspaces ?? [])
    // Positions of consumers are numbers of commits, which the repaired database counts anew.
    .filter(({ descriptor }) => descriptor.name !== CONSUMERS_KEYSPACE)
    .filter(({ descriptor }) => !isStale || !isDropped(vfs, directory, descriptor.id, survey))
    .map(({ descriptor, section }) => ({ descriptor, section, isNameLost: false }))
  const names = new Set(found.map(({ descriptor }) => descriptor.name))
  const firstUnknown = catalog?.nextKeyspaceId ?? DEFAULT_KEYSPACE_ID
  const ids = new Set([...keyspaceIdsIn(vfs, directory), ...survey.keyspaceIds])
  if (catalog === undefined) ids.add(DEFAULT_KEYSPACE_ID)
  const unknown = [...ids].filter((id) => id >= firstUnknown && !survey.dropped.has(id))
  for (const id of unknown.sort((left, right) => left - right)) {
    const created = survey.created.get(id)
    if (created?.name === CONSUMERS_KEYSPACE) continue
    const known = created === undefined || names.has(created.name) ? undefined : created
    const descriptor = describeUnnamed(vfs, directory, id, names, known)
    names.add(descriptor.name)
    found.push({
      descriptor,
      section: undefined,
      isNameLost: id !== DEFAULT_KEYSPACE_ID && known === undefined,
    })
  }
  return found
}

/** Reports whether a keyspace of an older catalog was dropped since: the log says so; or it has no files, and the newest checkpoint does not name it. */
function isDropped(vfs: Vfs, directory: string, id: number, survey: LogSurvey): boolean {
  const { checkpoint, dropped, keyspaceIds } = survey
  if (dropped.has(id)) return true
  if (id === DEFAULT_KEYSPACE_ID || checkpoint === undefined || keyspaceIds.has(id)) return false
  return !checkpoint.stores.has(id) && vfs.status(keyspacePath(directory, id)) === undefined
}

function keyspaceIdsIn(vfs: Vfs, directory: string): number[] {
  const path = keyspacesPath(directory)
  if (vfs.status(path)?.kind !== 'directory') return []
  return vfs
    .list(path)
    .map(keyspaceIdOfName)
    .filter((id) => id !== undefined && id > 0) as number[]
}

/**
 * Describes a keyspace that no catalog names. The encodings of `default` never change; those of others are unknown, unless the log contains
 * their creation.
 */
function describeUnnamed(
  vfs: Vfs,
  directory: string,
  id: number,
  names: ReadonlySet<string>,
  created: KeyspaceChange | undefined,
): KeyspaceDescriptor {
  const isDefault = id === DEFAULT_KEYSPACE_ID
  const engine = engineOfFiles(vfs, keyspacePath(directory, id))
  let name = isDefault ? DEFAULT_KEYSPACE_NAME : `keyspace-${id}`
  while (names.has(name)) name += '-'
  const encoding = isDefault ? 'utf8' : 'binary'
  return keyspaceDescriptor({
    id,
    name: created?.name ?? name,
    engine: created?.engine ?? engine,
    compression: DEFAULT_COMPRESSION,
    keys: created?.keys ?? encoding,
    values: created?.values ?? encoding,
    createdSeq: 0,
    // A value that begins with the mark of a header has one, if any value of the keyspace has.
    expires: true,
    blobs: true,
  })
}
