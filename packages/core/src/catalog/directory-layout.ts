/** Names inside a database's directory, as FORMAT.md draws it. Everything else there is left alone (D2). */
export const LOCK_NAME = 'LOCK'
export const CATALOG_NAME = 'CATALOG'
export const CATALOG_NEW_NAME = 'CATALOG.new'
/** Reserved for a second copy of the catalog. */
export const CATALOG_COPY_NAME = 'CATALOG.copy'
export const CREATING_NAME = 'CREATING'
export const LOG_DIRECTORY = 'wal'
export const KEYSPACES_DIRECTORY = 'keyspaces'

const SEGMENT_ENDING = '.wal'
const SEGMENT_NAME_UNITS = 14
/** Ends the names of files that are being made. */
const NEW_ENDING = '.new'
/** Ends the names of segments that are being removed. */
const REMOVED_ENDING = '.old'

/** Number of the keyspace that the methods of the database itself act on. */
export const DEFAULT_KEYSPACE_ID = 1
/** Its name. */
export const DEFAULT_KEYSPACE_NAME = 'default'

export function catalogPath(directory: string): string {
  return `${directory}/${CATALOG_NAME}`
}

export function logPath(directory: string): string {
  return `${directory}/${LOG_DIRECTORY}`
}

export function keyspacesPath(directory: string): string {
  return `${directory}/${KEYSPACES_DIRECTORY}`
}

export function keyspacePath(directory: string, keyspaceId: number): string {
  return `${directory}/${KEYSPACES_DIRECTORY}/${keyspaceId}`
}

/** Returns the number that a keyspace's directory is named after, or `undefined` for any other name. */
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

/** Reports whether a name is that of a segment of the log: ten digits and `.wal`. */
export function isSegmentName(name: string): boolean {
  if (name.length !== SEGMENT_NAME_UNITS || !name.endsWith(SEGMENT_ENDING)) return false
  for (let at = 0; at < name.length - SEGMENT_ENDING.length; at++) {
    const code = name.charCodeAt(at)
    if (code < 48 || code > 57) return false
  }
  return true
}

/** Reports whether a name within the log's directory is one that the log gives: a segment, or one being made or removed. */
export function isLogName(name: string): boolean {
  const ending = [NEW_ENDING, REMOVED_ENDING].find((each) => name.endsWith(each))
  return isSegmentName(ending === undefined ? name : name.slice(0, -ending.length))
}
