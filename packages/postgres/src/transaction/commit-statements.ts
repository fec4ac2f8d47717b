import type { CommitRequest, Marker } from '@ldb/cluster'
import type { SchemaNames } from '../schema/schema-names.js'
import { encodeByteaArray, encodeInt8Array } from '../session/byte-arrays.js'
import type { Parameter, Statement } from '../session/exchange.js'

/** What a commit does to one keyspace. */
interface Part {
  readonly keyspaceId: string
  readonly putKeys: Uint8Array[]
  readonly putValues: Uint8Array[]
  readonly deletedKeys: Uint8Array[]
  readonly lowers: Uint8Array[]
  readonly uppers: (Uint8Array | undefined)[]
}

const NO_KEY = new Uint8Array(0)

/** Returns the 16 bytes of a marker. */
export function markerBytes(marker: Marker): Uint8Array {
  return Buffer.from(marker, 'hex')
}

/**
 * Returns the statements of a commit. The last one writes everything, with the row of the table `commits`, and returns `seq` and whether there are
 * watchers of other drivers.
 *
 * @remarks One statement takes its locks in the order of the keys. A commit that puts and deletes would take them in two passes, so that two of them could
 * deadlock: it first locks all of its rows in one pass. See FORMAT.md for the order of `seq`.
 * @param ownWatcher - id of this driver's own watches, which need no notification.
 */
export function commitStatements(
  names: SchemaNames,
  request: CommitRequest,
  ownWatcher: string,
): Statement[] {
  const parts = partsOf(request)
  return [...locksOf(names, parts, request), writeStatement(names, parts, request.marker, ownWatcher)]
}

function partsOf({ writes, deletedRanges }: CommitRequest): Part[] {
  const parts = new Map<string, Part>()
  const partOf = (keyspaceId: string): Part => {
    let part = parts.get(keyspaceId)
    if (part === undefined) {
      part = { keyspaceId, putKeys: [], putValues: [], deletedKeys: [], lowers: [], uppers: [] }
      parts.set(keyspaceId, part)
    }
    return part
  }
  for (const { keyspace, lower, upper } of deletedRanges) {
    const part = partOf(keyspace.id)
    part.lowers.push(lower ?? NO_KEY)
    part.uppers.push(upper)
  }
  for (const { keyspace, key, value } of writes) {
    const part = partOf(keyspace.id)
    if (value === undefined) part.deletedKeys.push(key)
    else {
      part.putKeys.push(key)
      part.putValues.push(value)
    }
  }
  return [...parts.values()].sort((a, b) => (BigInt(a.keyspaceId) < BigInt(b.keyspaceId) ? -1 : 1))
}

function locksOf(names: SchemaNames, parts: readonly Part[], { writes }: CommitRequest): Statement[] {
  const isOnePass =
    parts.length === 1 && parts.every((part) => part.putKeys.length === 0 || part.deletedKeys.length === 0)
  if (isOnePass || writes.length === 1) return []
  return parts.flatMap(({ keyspaceId }) => {
    const keys = writes.flatMap(({ keyspace, key }) => (keyspace.id === keyspaceId ? [key] : []))
    if (keys.length === 0) return []
    const text = `select 1 from ${names.entries(keyspaceId)} where k = any($1::bytea[]) order by k for update`
    return [{ text, values: [encodeByteaArray(keys)] }]
  })
}

/** Composes the one statement of a commit from what it does to each keyspace. */
class WriteComposer {
  readonly values: Parameter[] = []
  readonly steps: string[] = []
  readonly sources: string[] = []

  /** Adds a parameter and returns its placeholder. */
  add(value: Parameter, type: string): string {
    this.values.push(value)
    return `$${this.values.length}::${type}`
  }

  /** Adds the steps of one keyspace. Returns the expressions of its keys, its values and its deleted keys. */
  part(table: string, part: Part, index: number): { keys: string; values: string; deleted: string } {
    const none = `'{}'::bytea[]`
    let keys = none
    let values = none
    if (part.putKeys.length > 0) {
      keys = this.add(encodeByteaArray(part.putKeys), 'bytea[]')
      values = this.add(encodeByteaArray(part.putValues), 'bytea[]')
      this.steps.push(
        `p${index} as (insert into ${table} (k, v) select * from unnest(${keys}, ${values})
          on conflict (k) do update set v = excluded.v returning 1)`,
      )
      this.sources.push(`(select count(*) from p${index}) as n${index}`)
    }
    const deletions = this.#deletions(table, part, index, keys === none ? undefined : keys)
    if (deletions.length === 0) return { keys, values, deleted: none }
    const all = deletions.map((name) => `select k from ${name}`).join(' union all ')
    this.sources.push(`(select coalesce(array_agg(k), '{}') as ks from (${all}) as a${index}) as x${index}`)
    return { keys, values, deleted: `x${index}.ks` }
  }

  #deletions(table: string, part: Part, index: number, putKeys: string | undefined): string[] {
    const names: string[] = []
    if (part.lowers.length > 0) {
      const lowers = this.add(encodeByteaArray(part.lowers), 'bytea[]')
      const uppers = this.add(encodeByteaArray(part.uppers), 'bytea[]')
      // A key that is put is not deleted as well: both would change one row in one statement.
      const others = putKeys === undefined ? '' : ` and k <> all(${putKeys})`
      this.steps.push(
        `r${index} as (delete from ${table} using unnest(${lowers}, ${uppers}) as r(lower, upper)
          where k >= r.lower and (r.upper is null or k < r.upper)${others} returning k)`,
      )
      names.push(`r${index}`)
    }
    if (part.deletedKeys.length > 0) {
      const keys = this.add(encodeByteaArray(part.deletedKeys), 'bytea[]')
      this.steps.push(`d${index} as (delete from ${table} where k = any(${keys}) returning k)`)
      names.push(`d${index}`)
    }
    return names
  }
}

function writeStatement(
  names: SchemaNames,
  parts: readonly Part[],
  marker: Marker,
  ownWatcher: string,
): Statement {
  const composer = new WriteComposer()
  const id = composer.add(markerBytes(marker), 'bytea')
  const keyspaces = composer.add(
    encodeInt8Array(parts.map(({ keyspaceId }) => Number(keyspaceId))),
    'bigint[]',
  )
  const putCounts = composer.add(encodeInt8Array(parts.map(({ putKeys }) => putKeys.length)), 'bigint[]')
  const watcher = composer.add(ownWatcher, 'text')
  const written = parts.map((part, index) => composer.part(names.entries(part.keyspaceId), part, index))
  const deletedCounts = written.map(({ deleted }) => `cardinality(${deleted})`).join(', ')
  const joined = (member: 'keys' | 'values' | 'deleted'): string =>
    written.map((part) => part[member]).join(' || ')
  // The sequence is read once the rows of the sources are complete, which is when all rows are locked.
  const text = `with ${composer.steps.join(',\n')}
    insert into ${names.table('commits')} (id, seq, keyspaces, put_counts, keys, vals, deleted_counts, deleted)
    select ${id}, nextval('${names.table('commit_seq')}'), ${keyspaces}, ${putCounts}, ${joined('keys')}, ${joined('values')},
      array[${deletedCounts}]::bigint[], ${joined('deleted')}
    from ${composer.sources.join(', ')}
    returning seq, exists (select 1 from ${names.table('watchers')} where until > now() and id <> ${watcher})`
  return { text, values: composer.values }
}
