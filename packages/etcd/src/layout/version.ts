import type { Version } from '@ldb/cluster'

/** Returns the version of a revision of etcd. */
export function versionOf(revision: number): Version {
  return String(revision) as Version
}

/** Returns the revision of a version. */
export function revisionOf(version: Version): number {
  return Number(version)
}
