import { isDriverError } from '@ldb/cluster'
import type { ClusterDriver, DriverKeyspace } from '@ldb/cluster'
import { newMarker } from '../bed/host-node.js'
import { getAll, readAll } from '../bed/read-driver.js'
import { begin, bytes, CALL, commitOf, put } from '../bed/test-bed.js'
import { ensure, ensureEqual, ensureRejects } from '../bed/violation.js'
import type { NamedCase } from './named-case.js'

const isConflict = (error: unknown): boolean => isDriverError(error, 'conflict')

/** Commits: their order, atomicity and markers. */
export const COMMIT_CASES: readonly NamedCase[] = [
  {
    name: 'a commit deletes its ranges first, then writes its keys',
    run: async (bed) => {
      const driver = await bed.driver()
      const keyspace = await bed.keyspace(driver)
      await put(driver, keyspace, { a: '1', b: '1', c: '1', d: '1', e: '1' })
      const deletedRanges = [
        { keyspace, lower: bytes('b'), upper: bytes('d') },
        { keyspace, lower: bytes('e'), upper: undefined },
      ]
      await begin(driver).commit(
        commitOf(keyspace, { a: undefined, b: '2', 'b\0': '2', z: '2', none: undefined }, { deletedRanges }),
        CALL,
      )
      ensureEqual(
        await readAll(driver, keyspace),
        ['b=2', 'b\0=2', 'd=1', 'z=2'],
        'the state after the commit',
      )
      const all = { keyspace, lower: undefined, upper: undefined }
      await begin(driver).commit(commitOf(keyspace, { k: '3' }, { deletedRanges: [all] }), CALL)
      ensureEqual(await readAll(driver, keyspace), ['k=3'], 'the state after a whole range')
    },
  },
  {
    name: 'a commit is atomic over keyspaces and for every client',
    run: async (bed) => {
      const [driver, other] = [await bed.driver(), await bed.driver()]
      const keyspaces: [DriverKeyspace, DriverKeyspace] = [
        await bed.keyspace(driver),
        await bed.keyspace(driver),
      ]
      keyspaces.sort((a, b) => (a.id < b.id ? -1 : 1))
      let isDone = false
      const writer = async (): Promise<void> => {
        for (let round = 1; round <= 50; round++) {
          const writes = keyspaces.flatMap((keyspace) =>
            ['a', 'b', 'c'].map((key) => ({ keyspace, key: bytes(key), value: bytes(String(round)) })),
          )
          await begin(driver).commit({ ...commitOf(keyspaces[0], {}), writes }, CALL)
        }
        isDone = true
      }
      const reader = async (): Promise<void> => {
        while (!isDone) {
          const tx = begin(other, { mode: 'readOnly', isolation: 'snapshot' })
          const values: (string | undefined)[] = []
          for (const keyspace of keyspaces) values.push(...(await getAll(tx, keyspace, ['a', 'b', 'c'])))
          await tx.abort()
          ensure(new Set(values).size === 1, `a part of a commit is visible: ${JSON.stringify(values)}`)
        }
      }
      await Promise.all([writer(), reader()])
    },
  },
  {
    name: 'a commit of many writes is as large as the driver states',
    run: async (bed) => {
      const driver = await bed.driver()
      const keyspace = await bed.keyspace(driver)
      const count = Math.min(1_000, driver.limits.transactionWritesMax)
      const entries: Record<string, string> = {}
      for (let index = 0; index < count; index++) entries[String(index).padStart(6, '0')] = 'v'.repeat(100)
      await put(driver, keyspace, entries)
      ensureEqual((await readAll(driver, keyspace)).length, count, 'the number of entries')
    },
  },
  {
    name: 'a commit whose marker was resolved as not applied is never applied',
    run: async (bed) => {
      const [driver, other] = [await bed.driver(), await bed.driver()]
      const keyspace = await bed.keyspace(driver)
      const commit = commitOf(keyspace, { a: '1' })
      ensureEqual(await driver.resolve(commit.marker, CALL), 'notApplied', 'an unknown marker')
      for (const client of [driver, other]) {
        const late = begin(client)
        await ensureRejects(late.commit(commit, CALL), isConflict, 'a commit after its marker was claimed')
      }
      ensureEqual(await readAll(other, keyspace), [], 'the state after it')
      ensureEqual(await other.resolve(newMarker(), CALL), 'notApplied', 'another marker')
    },
  },
  {
    name: 'of a commit and a claim of its marker that race, one wins',
    run: async (bed) => {
      const [driver, other] = [await bed.driver(), await bed.driver()]
      const keyspace = await bed.keyspace(driver)
      for (let round = 0; round < 20; round++) {
        const key = String(round)
        const commit = commitOf(keyspace, { [key]: '1' })
        const committed = begin(driver)
          .commit(commit, CALL)
          .then(
            () => true,
            (error: unknown) => {
              if (isConflict(error)) return false
              throw error
            },
          )
        const [isCommitted, outcome] = await Promise.all([committed, other.resolve(commit.marker, CALL)])
        const isThere = (await readAll(other, keyspace)).includes(`${key}=1`)
        ensureEqual(isThere, isCommitted, 'the write is there exactly when it was acknowledged')
        // A marker that a driver deletes with the acknowledgement can no longer be found.
        if (outcome === 'applied')
          ensure(isCommitted, 'a marker that resolves as applied belongs to a commit')
      }
    },
  },
  {
    name: 'a blind commit does not read, and conflicts with nothing for long',
    run: async (bed) => {
      const [driver, other] = [await bed.driver(), await bed.driver()]
      const keyspace = await bed.keyspace(driver)
      const keys = ['a', 'b', 'c', 'd']
      const writer = async (client: ClusterDriver): Promise<void> => {
        for (let round = 0; round < 20; round++) {
          const value = `${client === driver ? 0 : 1}-${round}`
          await put(client, keyspace, Object.fromEntries(keys.map((key) => [key, value])))
        }
      }
      await Promise.all([writer(driver), writer(other)])
      const values = (await readAll(driver, keyspace)).map((entry) => entry.split('=')[1])
      ensure(
        values.length === 4 && new Set(values).size === 1,
        `commits are mixed: ${JSON.stringify(values)}`,
      )
    },
  },
]
