/** Names in the directory of a database (FORMAT.md). Files with other names are left alone (D2). */
export const LOCK_NAME = 'LOCK'
export const CATALOG_NAME = 'CATALOG'
export const CATALOG_NEW_NAME = 'CATALOG.new'
/** A copy of the catalog, which is used when the catalog is damaged. */
export const CATALOG_COPY_NAME = 'CATALOG.copy'
/** Space that is released when the device is full. */
export const RESERVE_NAME = 'RESERVE'
export const CREATING_NAME = 'CREATING'
export const LOG_DIRECTORY = 'wal'
export const KEYSPACES_DIRECTORY = 'keyspaces'
export const BLOBS_DIRECTORY = 'blobs'

const SEGMENT_ENDING = '.wal'
const SEGMENT_NAME_UNITS = 14
/** Ending of files that are being created. */
const NEW_ENDING = '.new'
/** Ending of segments that are being removed. */
const REMOVED_ENDING = '.old'

/** Name of the keyspace with the positions of consumers of changes. No other keyspace may have it. */
export const CONSUMERS_KEYSPACE = 'ldb:consumers'

/** Number of the keyspace of the methods of `Database` itself. */
export const DEFAULT_KEYSPACE_ID = 1
/** Name of that keyspace. */
export const DEFAULT_KEYSPACE_NAME = 'default'

export function catalogPath(directory: string): string {
  return `${directory}/${CATALOG_NAME}`
}

export function reservePath(directory: string): string {
  return `${directory}/${RESERVE_NAME}`
}

export function logPath(directory: string): string {
  return `${directory}/${LOG_DIRECTORY}`
}

export function blobsPath(directory: string): string {
  return `${directory}/${BLOBS_DIRECTORY}`
}

export function keyspacesPath(directory: string): string {
  return `${directory}/${KEYSPACES_DIRECTORY}`
}

export function keyspacePath(directory: string, keyspaceId: number): string {
  return `${directory}/${KEYSPACES_DIRECTORY}/${keyspaceId}`
}

/** Returns the keyspace number of a directory name; `undefined` for any other name. */
export function keyspaceIdOfName(name: string): number | undefined {
  if (name.length === 0 || name.length > 10) return undefined
  let id = 0
  for (let at = 0; at < name.length; at++) {
    const digit = name.charCodeAt(at) - 48
    if (digit < 0 || digit > 9 || (at === 0 && digit === 0)) return undefined
    id = id * 10 + digit
  }
  return id <= 0xffff_ffff ? id : undefined
}

/** Reports whether a file name is that of a log segment: ten digits and `.wal`. */
export function isSegmentName(name: string): boolean {
  if (name.length !== SEGMENT_NAME_UNITS || !name.endsWith(SEGMENT_ENDING)) return false
  for (let at = 0; at < name.length - SEGMENT_ENDING.length; at++) {
    const code = name.charCodeAt(at)
    if (code < 48 || code > 57) return false
  }
  return true
}

/** Reports whether a file name belongs to the log: a segment, or one that is being created or removed. */
export function isLogName(name: string): boolean {
  const ending = [NEW_ENDING, REMOVED_ENDING].find((each) => name.endsWith(each))
  return isSegmentName(ending === undefined ? name : name.slice(0, -ending.length))
}
