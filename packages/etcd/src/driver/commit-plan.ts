import { compareBytes, keySuccessor } from '@ldb/base'
import { DriverError } from '@ldb/cluster'
import type { CommitRequest, DriverKeyspace } from '@ldb/cluster'
import type { EtcdCompare, EtcdOperation } from '../messages/txn.js'
import type { EtcdRange, KeyLayout } from '../layout/key-layout.js'
import type { ReadSet } from './read-set.js'

/** The conditions and the operations of a commit, without those of its marker. */
export interface CommitPlan {
  readonly compare: readonly EtcdCompare[]
  readonly operations: readonly EtcdOperation[]
  /** Keyspaces that the commit writes to. */
  readonly keyspaces: readonly DriverKeyspace[]
}

/** What the server accepts in one transaction. */
export interface PlanLimits {
  /** Conditions, and operations, at most: those of the marker are among them. */
  readonly operationsMax: number
}

const EMPTY = new Uint8Array(0)

/**
 * Translates a commit.
 *
 * @param revision - the revision of the snapshot; `undefined` when nothing was read.
 * @throws DriverError `'limitExceeded'`
 */
export function planCommit(
  request: CommitRequest,
  layout: KeyLayout,
  reads: ReadSet,
  revision: number | undefined,
  limits: PlanLimits,
): CommitPlan {
  const keyspaces = distinctKeyspaces(request)
  const operations = planWrites(request, layout)
  // The keyspace exists: its key has not changed since its creation, the revision of which is its identity.
  const compare: EtcdCompare[] = keyspaces.map((keyspace) =>
    equal(layout.keyspace(keyspace.name), Number(keyspace.id)),
  )
  if (revision !== undefined) {
    const room = limits.operationsMax - 1 - compare.length
    compare.push(...planReads(request, layout, reads, revision, room))
  }
  checkCount('conditions', compare.length + 1, limits.operationsMax)
  checkCount('operations', operations.length + 1, limits.operationsMax)
  return { compare, operations, keyspaces }
}

function distinctKeyspaces(request: CommitRequest): DriverKeyspace[] {
  const byId = new Map<string, DriverKeyspace>()
  for (const { keyspace } of request.writes) byId.set(keyspace.id, keyspace)
  for (const { keyspace } of request.deletedRanges) byId.set(keyspace.id, keyspace)
  return [...byId.values()]
}

function planWrites(request: CommitRequest, layout: KeyLayout): EtcdOperation[] {
  const operations: EtcdOperation[] = []
  const deletions = new Map<string, DriverKeyspace>()
  const puts: { key: Uint8Array; value: Uint8Array }[] = []
  for (const { keyspace, key, value } of request.writes) {
    const etcdKey = layout.data(keyspace, key)
    if (value !== undefined) puts.push({ key: etcdKey, value })
    else {
      operations.push({ kind: 'delete', key: etcdKey })
      deletions.set(keyspace.id, keyspace)
    }
  }
  for (const { keyspace, lower, upper } of request.deletedRanges) {
    deletions.set(keyspace.id, keyspace)
    operations.push(...deleteAround(layout.dataRange(keyspace, lower, upper), puts))
  }
  for (const put of puts) operations.push({ kind: 'put', ...put })
  for (const keyspace of deletions.values()) {
    operations.push({ kind: 'put', key: layout.deletion(keyspace), value: EMPTY })
  }
  return operations
}

/** Deletes a range but for the keys that are put: etcd refuses both in one transaction. */
function deleteAround(range: EtcdRange, puts: readonly { key: Uint8Array }[]): EtcdOperation[] {
  const operations: EtcdOperation[] = []
  let start = range.key
  const deleteUntil = (rangeEnd: Uint8Array): void => {
    if (compareBytes(start, rangeEnd) < 0) operations.push({ kind: 'delete', key: start, rangeEnd })
  }
  for (const { key } of puts) {
    if (compareBytes(key, start) < 0 || compareBytes(key, range.rangeEnd) >= 0) continue
    deleteUntil(key)
    start = keySuccessor(key) ?? range.rangeEnd
  }
  deleteUntil(range.rangeEnd)
  return operations
}

/**
 * Returns the conditions under which nothing that was read has changed.
 *
 * @remarks The condition on a range fails after an insertion or a change, and not after a deletion: the key that has changed is gone. So each key of a
 * range has a condition of its own. Where these are too many, the keyspace must have had no deletion at all.
 * @param room - number of conditions at most.
 */
function planReads(
  request: CommitRequest,
  layout: KeyLayout,
  reads: ReadSet,
  revision: number,
  room: number,
): EtcdCompare[] {
  const compare: EtcdCompare[] = []
  const single = new Set<Uint8Array>()
  for (const { keyspace, key } of request.readKeys) {
    const seen = reads.get(layout.data(keyspace, key))
    if (seen === undefined) throw new DriverError('fatal', 'a key that is validated was not read')
    single.add(seen.key)
    compare.push(equal(seen.key, seen.modRevision))
  }
  const ranges = request.readRanges.map(({ keyspace, lower, upper }) => {
    const range = layout.dataRange(keyspace, lower, upper)
    const keys = reads.within(range).filter(({ key }) => !single.has(key))
    return { keyspace, range, keys }
  })
  for (const { range } of ranges) compare.push(unchanged(range, revision))
  let rest = room - compare.length - distinctCount(ranges)
  const coarse = new Map<string, DriverKeyspace>()
  for (const { keyspace, keys } of ranges.sort((a, b) => a.keys.length - b.keys.length)) {
    if (keys.length <= rest) {
      rest -= keys.length
      for (const { key, modRevision } of keys) compare.push(equal(key, modRevision))
    } else {
      coarse.set(keyspace.id, keyspace)
    }
  }
  for (const keyspace of coarse.values()) {
    compare.push({ key: layout.deletion(keyspace), relation: 'less', modRevision: revision + 1 })
  }
  return compare
}

function distinctCount(ranges: readonly { keyspace: DriverKeyspace }[]): number {
  return new Set(ranges.map(({ keyspace }) => keyspace.id)).size
}

function equal(key: Uint8Array, modRevision: number): EtcdCompare {
  return { key, relation: 'equal', modRevision }
}

function unchanged({ key, rangeEnd }: EtcdRange, revision: number): EtcdCompare {
  return { key, rangeEnd, relation: 'less', modRevision: revision + 1 }
}

function checkCount(what: string, count: number, limit: number): void {
  if (count <= limit) return
  const message = `the transaction needs ${count} ${what} of etcd, over the limit of ${limit} (--max-txn-ops)`
  throw new DriverError('limitExceeded', message)
}
