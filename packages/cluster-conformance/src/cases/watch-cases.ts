import type { ClusterDriver, DriverKeyspace, DriverWatch, Version, WatchedCommit } from '@ldb/cluster'
import { readAll, textOf } from '../bed/read-driver.js'
import { begin, bytes, CALL, commitOf, put } from '../bed/test-bed.js'
import { ensure, ensureEqual } from '../bed/violation.js'
import type { NamedCase } from './named-case.js'

/** Watches: each commit once, in order, resumable. */
export const WATCH_CASES: readonly NamedCase[] = [
  {
    name: 'a watch reports each commit once, whole and in order, from a snapshot on',
    needsWatch: true,
    run: async (bed) => {
      const [driver, other] = [await bed.driver(), await bed.driver()]
      const [watched, rest] = [await bed.keyspace(driver), await bed.keyspace(driver)]
      await put(other, watched, { before: '1' })
      const from = await versionNow(driver)
      await put(other, watched, { a: '1', b: '1' })
      await put(other, rest, { unseen: '1' })
      const deletedRanges = [{ keyspace: watched, lower: bytes('a'), upper: bytes('b') }]
      await begin(other).commit(commitOf(watched, { b: undefined, c: '3' }, { deletedRanges }), CALL)
      const watch = driver.watch({ keyspaces: [watched], from })
      const first = await nextCommit(watch)
      ensureEqual(putsOf(first), ['a=1', 'b=1'], 'the first commit')
      const second = await nextCommit(watch)
      ensureEqual(putsOf(second), ['c=3'], 'the puts of the second commit')
      ensure(
        second.changes.some((change) => change.kind === 'delete' && textOf(change.key) === 'b'),
        'a deletion',
      )
      const coversA = second.changes.some(
        (change) =>
          (change.kind === 'delete' && textOf(change.key) === 'a') ||
          (change.kind === 'deleteRange' && textOf(change.lower) === 'a' && textOf(change.upper) === 'b'),
      )
      ensure(coversA, 'a deleted range is reported, as a range or by its keys')
      ensure(driver.compareVersions(first.version, second.version) < 0, 'versions ascend')
      await put(other, watched, { d: '4' })
      ensureEqual(putsOf(await nextCommit(watch)), ['d=4'], 'a later commit')
      await watch.close()
      ensureEqual(await watch.next(), undefined, 'next after close')
      const resumed = other.watch({ keyspaces: [watched], from: first.version })
      ensureEqual(putsOf(await nextCommit(resumed)), ['c=3'], 'a watch from a reported version')
      await resumed.close()
    },
  },
  {
    name: 'a watch that waits ends when it is closed',
    needsWatch: true,
    run: async (bed) => {
      const driver = await bed.driver()
      const keyspace = await bed.keyspace(driver)
      const watch = driver.watch({ keyspaces: [keyspace], from: await versionNow(driver) })
      const pending = nextChange(watch)
      await watch.close()
      ensureEqual(await pending, undefined, 'the pending call')
    },
  },
  {
    name: 'watches of concurrent commits miss and repeat nothing, and end at the state of the engine',
    needsWatch: true,
    run: async (bed, { scale }) => {
      const drivers = [await bed.driver(), await bed.driver(), await bed.driver()]
      const [driver] = drivers as [ClusterDriver]
      const keyspace = await bed.keyspace(driver)
      const from = await versionNow(driver)
      const rounds = Math.max(10, Math.round(40 * scale))
      const writers = drivers.map(async (writer, own) => {
        for (let round = 0; round < rounds; round++)
          await put(writer, keyspace, {
            [`only-${own}-${round}`]: '1',
            shared: `${own}-${round}`,
            [`last-${own}`]: String(round),
          })
      })
      const watch = driver.watch({ keyspaces: [keyspace], from })
      const state = new Map<string, string | undefined>()
      const seen = new Set<string>()
      let version = from
      for (let left = rounds * drivers.length; left > 0; left--) {
        const commit = await nextCommit(watch)
        ensure(driver.compareVersions(version, commit.version) < 0, 'a version does not ascend')
        version = commit.version
        ensureEqual(commit.changes.length, 3, 'the changes of one commit')
        applyTo(state, commit, seen)
      }
      await Promise.all(writers)
      ensureEqual(seen.size, rounds * drivers.length, 'each commit was reported')
      const entries = [...state].map(([key, value]) => `${key}=${value}`).sort()
      ensureEqual(entries, (await readAll(driver, keyspace)).sort(), 'the state that the changes imply')
      await watch.close()
      await resumedMatches(driver, keyspace, from, rounds * drivers.length)
    },
  },
]

/** Reads all commits again, with a new watch after each. */
async function resumedMatches(
  driver: ClusterDriver,
  keyspace: DriverKeyspace,
  from: Version,
  count: number,
): Promise<void> {
  const seen = new Set<string>()
  let version = from
  for (let read = 0; read < Math.min(count, 20); read++) {
    const watch = driver.watch({ keyspaces: [keyspace], from: version })
    const commit = await nextCommit(watch)
    version = commit.version
    applyTo(new Map(), commit, seen)
    await watch.close()
  }
}

function applyTo(state: Map<string, string | undefined>, commit: WatchedCommit, seen: Set<string>): void {
  for (const change of commit.changes) {
    ensure(change.kind === 'put', 'only puts were made')
    const key = textOf(change.key) ?? ''
    state.set(key, textOf(change.value))
    if (!key.startsWith('only-')) continue
    ensure(!seen.has(key), `${key} is reported twice`)
    seen.add(key)
  }
}

async function versionNow(driver: ClusterDriver): Promise<Version> {
  const tx = begin(driver, { mode: 'readOnly', isolation: 'snapshot' })
  await tx.pin(CALL)
  const { version } = tx
  await tx.abort()
  ensure(version !== undefined, 'a driver that watches reports the version of a snapshot')
  return version
}

/** Returns the next commit with changes. */
async function nextChange(watch: DriverWatch): Promise<WatchedCommit | undefined> {
  for (;;) {
    const commit = await watch.next()
    if (commit === undefined || commit.changes.length > 0) return commit
  }
}

async function nextCommit(watch: DriverWatch): Promise<WatchedCommit> {
  const commit = await nextChange(watch)
  ensure(commit !== undefined, 'the watch has ended')
  return commit
}

function putsOf({ changes }: WatchedCommit): string[] {
  return changes
    .flatMap((change) => (change.kind === 'put' ? [`${textOf(change.key)}=${textOf(change.value)}`] : []))
    .sort()
}
