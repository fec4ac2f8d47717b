import { isDriverError } from '@ldb/cluster'
import type { NamedCase } from './named-case.js'
import { readAll } from '../bed/read-driver.js'
import { begin, CALL, commitOf, put } from '../bed/test-bed.js'
import { ensure, ensureEqual, ensureRejects } from '../bed/violation.js'

/** Keyspaces: names, identities, properties. */
export const KEYSPACE_CASES: readonly NamedCase[] = [
  {
    name: 'a keyspace is created once, also by concurrent clients',
    run: async (bed) => {
      const [one, two] = [await bed.driver(), await bed.driver()]
      const name = bed.name()
      ensureEqual(await one.openKeyspace(name, CALL), undefined, 'an unknown name')
      const created = await Promise.all([
        one.createKeyspace(name, 'A', CALL),
        two.createKeyspace(name, 'B', CALL),
        one.createKeyspace(name, 'C', CALL),
      ])
      const opened = await two.openKeyspace(name, CALL)
      for (const keyspace of created) ensureEqual(keyspace, opened, 'each answer is the one keyspace')
      ensure('ABC'.includes(opened?.properties ?? 'none'), 'the properties are those of one creation')
      const listed = (await one.keyspaces(CALL)).filter((keyspace) => keyspace.name === name)
      ensureEqual(listed, [opened], 'keyspaces lists it once')
    },
  },
  {
    name: 'names and properties may have any characters',
    run: async (bed) => {
      const driver = await bed.driver()
      const name = `${bed.name()}-ä'"\\\u{1f600}%/`.slice(0, 60)
      const keyspace = await driver.createKeyspace(name, '{"a":"\\"\'ä"}', CALL)
      try {
        ensureEqual(await driver.openKeyspace(name, CALL), keyspace, 'the same keyspace')
        ensureEqual(keyspace.properties, '{"a":"\\"\'ä"}', 'its properties')
        await put(driver, keyspace, { a: '1' })
        ensureEqual(await readAll(driver, keyspace), ['a=1'], 'its entries')
      } finally {
        await driver.dropKeyspace(keyspace, CALL)
      }
    },
  },
  {
    name: 'keyspaces are independent',
    run: async (bed) => {
      const driver = await bed.driver()
      const [a, b] = [await bed.keyspace(driver), await bed.keyspace(driver)]
      await put(driver, a, { k: 'a' })
      await put(driver, b, { k: 'b' })
      const transaction = begin(driver)
      const range = { keyspace: a, lower: undefined, upper: undefined }
      await transaction.commit(commitOf(a, {}, { deletedRanges: [range] }), CALL)
      ensureEqual(await readAll(driver, a), [], 'the cleared keyspace')
      ensureEqual(await readAll(driver, b), ['k=b'], 'the other keyspace')
    },
  },
  {
    name: 'a dropped keyspace is gone, and a new one of its name is empty and another',
    run: async (bed) => {
      const [driver, other] = [await bed.driver(), await bed.driver()]
      const first = await bed.keyspace(driver)
      await put(driver, first, { a: '1' })
      ensureEqual(await other.dropKeyspace(first, CALL), true, 'the drop')
      ensureEqual(await other.dropKeyspace(first, CALL), false, 'the repeated drop')
      const gone = (error: unknown): boolean => isDriverError(error, 'keyspaceGone')
      const late = begin(driver)
      await ensureRejects(
        late.commit(commitOf(first, { b: '1' }), CALL),
        gone,
        'a write to a dropped keyspace',
      )
      const second = await driver.createKeyspace(first.name, '{}', CALL)
      ensure(second.id !== first.id, 'a new keyspace has a new identity')
      ensureEqual(await readAll(driver, second), [], 'the entries of the new keyspace')
      const again = begin(other)
      await ensureRejects(
        again.commit(commitOf(first, { c: '1' }), CALL),
        gone,
        'a write to the old identity',
      )
      ensureEqual(await readAll(driver, second), [], 'the new keyspace after a write to the old one')
    },
  },
]
