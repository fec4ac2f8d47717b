import type { Version } from '../driver/version.js'

/** Returns the version of a revision. */
export function versionOf(revision: number): Version {
  return String(revision) as Version
}

/** Returns the revision of a version. */
export function revisionOf(version: Version): number {
  return Number(version)
}
