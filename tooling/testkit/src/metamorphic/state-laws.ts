import type { Database, Keyspace, KeyspaceReads, Snapshot } from '@ldb/core'
import { keyConversion, valueConversion } from '../model/commands/conversions.js'
import type { KeyConversion, ValueConversion } from '../model/commands/conversions.js'
import type { Session } from '../model/session/session.js'
import { assertGuarantee } from '../base/violation.js'
import type { RunObserver } from './run-history.js'

/** Number of snapshots that an observer takes. */
const SNAPSHOTS_MAX = 5

/**
 * Takes snapshots during a run and checks at its end that they are unchanged. Also checks the state laws on the
 * final content.
 */
export class StateLawObserver implements RunObserver {
  readonly #every: number
  #snapshots: {
    readonly snapshot: Snapshot
    readonly seen: ReadonlyMap<string, string>
    readonly database: Database
  }[] = []

  constructor(every: number) {
    this.#every = every
  }

  beforeCommand({ database }: Session, index: number): void {
    if (index % this.#every !== 0 || this.#snapshots.length >= SNAPSHOTS_MAX) return
    const seen = new Map<string, string>()
    for (const { name } of database.keyspaces())
      seen.set(name, contentOf(keyspaceOf(database, name), encodingsOf(database, name)))
    this.#snapshots.push({ snapshot: database.snapshot(), seen, database })
  }

  atEnd({ database }: Session): void {
    for (const { snapshot, seen, database: owner } of this.#snapshots) {
      // A snapshot ends with its database.
      if (owner !== database) continue
      for (const [name, content] of seen) {
        if (!database.keyspaces().some((present) => present.name === name)) continue
        const reads = snapshotReads(snapshot, database, name)
        if (reads === undefined) continue
        assertGuarantee(
          contentOf(reads, encodingsOf(database, name)) === content,
          () => `a snapshot of ${name} has changed`,
        )
      }
      snapshot.release()
    }
    for (const { name } of database.keyspaces())
      checkStateLaws(name, keyspaceOf(database, name), encodingsOf(database, name))
  }
}

/**
 * Checks that forward scan, reverse scan, cursor, `get`, `getMany`, `count` and partial scans agree.
 *
 * @throws Violation when two of them differ.
 */
export function checkStateLaws(
  name: string,
  reads: KeyspaceReads<unknown, unknown>,
  { keys, values }: Encodings,
): void {
  const forward = reads
    .entries()
    .map(([key, value]) => [keys.fromKey(key), values.fromValue(value)] as const)
    .toArray()
  const backward = reads
    .entries({ reverse: true })
    .map(([key, value]) => [keys.fromKey(key), values.fromValue(value)] as const)
    .toArray()
  assertSame(name, 'a forward scan and an inverted reverse scan', forward, backward.reverse())
  const gotten = forward.map(([key]) => [key, values.fromValue(reads.get(keys.toKey(key)))])
  assertSame(name, 'a scan and gets of its keys', forward, gotten)
  const many = reads.getMany(forward.map(([key]) => keys.toKey(key))).map((value) => values.fromValue(value))
  assertSame(
    name,
    'a scan and getMany',
    forward.map(([, value]) => value),
    many,
  )
  using cursor = reads.cursor()
  const walked: string[] = []
  for (let found = cursor.last(); found; found = cursor.previous()) walked.push(keys.fromKey(cursor.key))
  assertSame(
    name,
    'a scan and a reverse cursor',
    forward.map(([key]) => key),
    walked.reverse(),
  )
  assertGuarantee(
    reads.count() === forward.length,
    () => `${name} has a count of ${reads.count()} and ${forward.length} entries`,
  )
  const middle = Math.floor(forward.length / 2)
  const parts = [...reads.keys({ limit: middle }), ...reads.keys({ offset: middle })].map((key) =>
    keys.fromKey(key),
  )
  assertSame(
    name,
    'a scan and its two halves',
    forward.map(([key]) => key),
    parts,
  )
}

interface Encodings {
  readonly keys: KeyConversion
  readonly values: ValueConversion
}

function assertSame(name: string, what: string, one: unknown, other: unknown): void {
  assertGuarantee(JSON.stringify(one) === JSON.stringify(other), () => `in ${name}, ${what} differ`)
}

function keyspaceOf(database: Database, name: string): Keyspace<unknown, unknown> {
  return (name === 'default' ? database : database.keyspace(name)) as unknown as Keyspace<unknown, unknown>
}

function encodingsOf(database: Database, name: string): Encodings {
  const descriptor = database.keyspaces().find((each) => each.name === name)
  return {
    keys: keyConversion(descriptor?.keys ?? '') as KeyConversion,
    values: valueConversion(descriptor?.values ?? '') as ValueConversion,
  }
}

/** Returns the reads of a keyspace in a snapshot, or `undefined` when the name now belongs to another keyspace. */
function snapshotReads(
  snapshot: Snapshot,
  database: Database,
  name: string,
): KeyspaceReads<unknown, unknown> | undefined {
  if (name === 'default') return snapshot as unknown as KeyspaceReads<unknown, unknown>
  try {
    return snapshot.in(keyspaceOf(database, name))
  } catch {
    return undefined
  }
}

function contentOf(reads: KeyspaceReads<unknown, unknown>, { keys, values }: Encodings): string {
  return JSON.stringify(
    reads
      .entries()
      .map(([key, value]) => [keys.fromKey(key), values.fromValue(value)])
      .toArray(),
  )
}
