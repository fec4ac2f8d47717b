import { DriverError } from '@ldb/cluster'
import type { Version } from '@ldb/cluster'

/** A decoded version: see FORMAT.md. */
export interface Position {
  /** Every commit up to this `seq` is before the version. */
  readonly seq: number
  /** Of a snapshot, or of a watch that began at one: commits up to `last` that the snapshot shows are before the version, too. */
  readonly snapshot: { readonly last: number; readonly text: string } | undefined
}

const VERSION = /^(\d{1,16})(?:-(\d{1,16})-(\d+:\d+:[\d,]*))?$/

/** Returns the version of a commit. */
export function versionOfSeq(seq: number): Version {
  return String(seq) as Version
}

/** Returns the version of a snapshot. */
export function snapshotVersionOf(safe: number, last: number, snapshot: string): Version {
  return `${safe}-${last}-${snapshot}` as Version
}

/** Returns the version of a position. The snapshot matters until the position has reached its last commit. */
export function versionOf({ seq, snapshot }: Position): Version {
  if (snapshot === undefined || seq >= snapshot.last) return versionOfSeq(seq)
  return snapshotVersionOf(seq, snapshot.last, snapshot.text)
}

/** @throws DriverError `'fatal'` for a text that is no version of PostgreSQL. */
export function positionOf(version: Version): Position {
  const match = VERSION.exec(version)
  if (match === null) throw new DriverError('fatal', 'the text is not a version of this engine')
  const [, seq, last, text] = match
  if (last === undefined || text === undefined) return { seq: Number(seq), snapshot: undefined }
  return { seq: Number(seq), snapshot: { last: Number(last), text } }
}

/** Compares two versions: by what is before them for certain, and then by how far their snapshots reach. */
export function compareVersions(a: Version, b: Version): number {
  if (a === b) return 0
  const [left, right] = [positionOf(a), positionOf(b)]
  if (left.seq !== right.seq) return left.seq - right.seq
  return reachOf(left) - reachOf(right) || (a < b ? -1 : 1)
}

function reachOf({ seq, snapshot }: Position): number {
  return snapshot?.last ?? seq
}
