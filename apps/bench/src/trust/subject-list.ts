import type { TrustSubject } from './subject.js'
import { ldb, ldbLsm } from './subjects/ldb.js'
import { classicLevel, rocksdb } from './subjects/level.js'
import { lmdb } from './subjects/lmdb.js'
import { sqlite } from './subjects/sqlite.js'

/** All stores, in the order of a report. */
export const TRUST_SUBJECTS: readonly TrustSubject[] = [ldb, ldbLsm, lmdb, classicLevel, rocksdb, sqlite]

/** Returns the store with an id. Throws when there is none. */
export function subjectOf(id: string): TrustSubject {
  const subject = TRUST_SUBJECTS.find((each) => each.id === id)
  if (subject === undefined) throw new Error(`there is no store ${id}`)
  return subject
}
