import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { DriverKeyspace } from '@ldb/cluster'
import type { EtcdServers } from '@ldb/servers'
import { EtcdClient, EtcdDriver } from '@ldb/etcd'
import {
  beginReading,
  beginWriting,
  bytes,
  CALL,
  commitOf,
  kindOf,
  read,
  textOf,
  versionNow,
  write,
} from './driver-calls.js'
import { leasesOf } from './leases.js'
import { hasEtcd, startEtcd } from './servers.js'

const OPS = 200

describe.skipIf(!hasEtcd)('with three members', () => {
  let servers: EtcdServers
  let driver: EtcdDriver
  let client: EtcdClient
  let count = 0

  beforeAll(async () => {
    servers = await startEtcd({ args: ['--max-txn-ops', String(OPS)] })
    driver = await EtcdDriver.open({ endpoints: servers.endpoints, maxTxnOps: OPS })
    client = new EtcdClient({ endpoints: servers.endpoints })
  })

  afterAll(async () => {
    await driver?.close()
    client?.close()
    await servers?.stop()
  })

  const newKeyspace = (): Promise<DriverKeyspace> => driver.createKeyspace(`k${count++}`, 'properties', CALL)
  const ofRange = (keyspace: DriverKeyspace, lower?: string, upper?: string) => ({
    keyspace,
    lower: lower === undefined ? undefined : bytes(lower),
    upper: upper === undefined ? undefined : bytes(upper),
  })

  async function keysIn(
    keyspace: DriverKeyspace,
    reverse = false,
    limit = 1000,
  ): Promise<(string | undefined)[]> {
    const request = { ...ofRange(keyspace), reverse, limit, valueBytes: 0 }
    const { entries } = await beginReading(driver).range(request, CALL)
    return entries.map(({ key }) => textOf(key))
  }

  test('a keyspace is created once, and its identity is not used again', async () => {
    const names = ['Ω/ü', 'a', 'a b']
    const created = await Promise.all(
      [...names, 'a'].map((name) => driver.createKeyspace(name, `p ${name}`, CALL)),
    )
    expect(created[3]).toEqual(created[1])
    expect(await driver.createKeyspace('a', 'other', CALL)).toEqual(created[1])
    expect(
      (await driver.keyspaces(CALL)).filter(({ name }) => names.includes(name)).map(({ name }) => name),
    ).toEqual(['a', 'a b', 'Ω/ü'])
    const [, old] = created as [DriverKeyspace, DriverKeyspace]
    await write(driver, old, { x: '1' })
    expect([await driver.dropKeyspace(old, CALL), await driver.dropKeyspace(old, CALL)]).toEqual([
      true,
      false,
    ])
    expect(await driver.openKeyspace('a', CALL)).toBeUndefined()
    expect(await kindOf(write(driver, old, { x: '2' }))).toBe('keyspaceGone')
    const recreated = await driver.createKeyspace('a', '', CALL)
    expect(recreated.id).not.toBe(old.id)
    expect(await read(driver, recreated, 'x')).toBeUndefined()
    expect(await kindOf(write(driver, old, { x: '2' }))).toBe('keyspaceGone')
  })

  test('reads see one revision, also those that overlap the first', async () => {
    const keyspace = await newKeyspace()
    await write(driver, keyspace, { a: '1', b: '1' })
    const snapshot = beginReading(driver)
    const readBoth = async (): Promise<(string | undefined)[]> =>
      (
        await snapshot.getMany(
          [bytes('a'), bytes('b')].map((key) => ({ keyspace, key })),
          CALL,
        )
      ).map(textOf)
    let last = '1'
    const writing = (async () => {
      for (let i = 2; i < 12; i++) {
        await write(driver, keyspace, { a: String(i), b: String(i) })
        last = String(i)
      }
    })()
    const seen = await Promise.all(Array.from({ length: 20 }, readBoth))
    await writing
    seen.push(await readBoth())
    const [[first]] = seen as [[string]]
    expect(seen.every(([a, b]) => a === first && b === first)).toBe(true)
    expect([await read(driver, keyspace, 'a'), last]).toEqual(['11', '11'])
    // The same key twice, an absent one, and more keys than one transaction of etcd has.
    const many = Array.from({ length: OPS + 50 }, (_, i) => ({
      keyspace,
      key: bytes(i % 2 === 0 ? 'a' : `none ${i}`),
    }))
    const values = await beginReading(driver, true).getMany(many, CALL)
    expect(values.map(textOf)).toEqual(many.map((_, i) => (i % 2 === 0 ? '11' : undefined)))
  })

  test.each([
    ['a key that was read was changed', { b: '2' }],
    ['a key that was read was deleted', { b: undefined }],
    ['an absent key that was read was put', { c: '1' }],
    ['a key was put into a range that was read', { r5: '1' }],
    ['a key of a range that was read was changed', { r1: '2' }],
    ['a key of a range that was read was deleted', { r1: undefined }],
  ])('a serializable commit conflicts when %s', async (_, change) => {
    const keyspace = await newKeyspace()
    await write(driver, keyspace, { b: '1', r1: '1', r2: '1' })
    const readAll = async () => {
      const tx = beginWriting(driver)
      const keys = ['b', 'c'].map((key) => ({ keyspace, key: bytes(key) }))
      await tx.getMany(keys, CALL)
      const range = ofRange(keyspace, 'r', 's')
      await tx.range({ ...range, reverse: false, limit: 10, valueBytes: Infinity }, CALL)
      return { tx, request: commitOf(keyspace, { z: 'mine' }, { readKeys: keys, readRanges: [range] }) }
    }
    const undisturbed = await readAll()
    await write(driver, keyspace, { q: 'elsewhere' })
    const { version } = await undisturbed.tx.commit(undisturbed.request, CALL)
    expect(Number(version)).toBeGreaterThan(Number(undisturbed.tx.version))
    const disturbed = await readAll()
    await write(driver, keyspace, change)
    expect(await kindOf(disturbed.tx.commit(disturbed.request, CALL))).toBe('conflict')
  })

  test('a range with more keys than conditions fit still notices a deletion', async () => {
    const keyspace = await newKeyspace()
    for (const part of ['a', 'b']) {
      const keys = Array.from({ length: 150 }, (_, i) => [`${part}${String(i).padStart(3, '0')}`, 'v'])
      await write(driver, keyspace, Object.fromEntries(keys) as Record<string, string>)
    }
    const scan = async () => {
      const tx = beginWriting(driver)
      let lower: Uint8Array | undefined = undefined
      for (let seen = 0; seen < 300;) {
        const request = { keyspace, lower, upper: undefined, reverse: false, limit: 1000, valueBytes: 0 }
        const { entries } = await tx.range(request, CALL)
        seen += entries.length
        lower = new Uint8Array([...entries.at(-1)!.key, 0])
      }
      return { tx, request: commitOf(keyspace, { z: '1' }, { readRanges: [ofRange(keyspace, 'a', 'c')] }) }
    }
    const first = await scan()
    await write(driver, keyspace, { c: 'outside' })
    expect(await kindOf(first.tx.commit(first.request, CALL))).toBeUndefined()
    const second = await scan()
    await write(driver, keyspace, { a077: undefined })
    expect(await kindOf(second.tx.commit(second.request, CALL))).toBe('conflict')
  })

  test('of the isolation snapshot, only written keys conflict, a deleted one too', async () => {
    const keyspace = await newKeyspace()
    await write(driver, keyspace, { a: '1', b: '1' })
    for (const [change, expected] of [
      [{ b: '2' }, undefined],
      [{ a: undefined }, 'conflict'],
    ] as const) {
      const tx = beginWriting(driver, 'snapshot')
      await tx.getMany([{ keyspace, key: bytes('b') }], CALL)
      await write(driver, keyspace, change)
      const readKeys = [{ keyspace, key: bytes('a') }]
      expect(await kindOf(tx.commit(commitOf(keyspace, { a: '3' }, { readKeys }), CALL))).toBe(expected)
    }
  })

  test('ranges are deleted before keys are put, in one step', async () => {
    const keyspace = await newKeyspace()
    const other = await newKeyspace()
    await write(driver, keyspace, { a: '1', b: '1', c: '1', d: '1' })
    await write(driver, other, { a: '1' })
    const deletedRanges = [ofRange(keyspace, 'b', 'd')]
    await write(driver, keyspace, { b: '2', bb: '2', c: undefined, d: '2' }, { deletedRanges })
    expect(await keysIn(keyspace)).toEqual(['a', 'b', 'bb', 'd'])
    await write(driver, keyspace, { x: '1' }, { deletedRanges: [ofRange(keyspace)] })
    expect([await keysIn(keyspace), await keysIn(other)]).toEqual([['x'], ['a']])
  })

  test('a scan pages in both directions, and bounds hold', async () => {
    const keyspace = await newKeyspace()
    const names = Array.from({ length: 180 }, (_, i) => `n${String(i).padStart(4, '0')}`)
    await write(driver, keyspace, Object.fromEntries(names.map((name) => [name, name.repeat(20)])))
    for (const reverse of [false, true]) {
      const snapshot = beginReading(driver)
      const seen: (string | undefined)[] = []
      let [lower, upper] = [bytes('n0010'), bytes('n0170')]
      for (let hasMore = true; hasMore;) {
        const page = await snapshot.range(
          { keyspace, lower, upper, reverse, limit: 50, valueBytes: Infinity },
          CALL,
        )
        seen.push(...page.entries.map(({ key }) => textOf(key)))
        expect(page.entries.every(({ key, value }) => textOf(value) === textOf(key)!.repeat(20))).toBe(true)
        const last = page.entries.at(-1)!.key
        if (reverse) upper = last
        else lower = new Uint8Array([...last, 0])
        hasMore = page.hasMore
      }
      const expected = names.slice(10, 170)
      expect(seen).toEqual(reverse ? expected.reverse() : expected)
    }
  })

  test('a marker is used once: a claimed one refuses its commit, a recorded one says so', async () => {
    const keyspace = await newKeyspace()
    const request = commitOf(keyspace, { a: '1' })
    expect(await driver.resolve(request.marker, CALL)).toBe('notApplied')
    expect(await driver.resolve(request.marker, CALL)).toBe('notApplied')
    expect(await kindOf(beginWriting(driver).commit(request, CALL))).toBe('conflict')
    expect(await read(driver, keyspace, 'a')).toBeUndefined()
    const other = await EtcdDriver.open({ endpoints: servers.endpoints, maxTxnOps: OPS })
    const applied = commitOf(keyspace, { a: '2' })
    await beginWriting(other).commit(applied, CALL)
    expect(await driver.resolve(applied.marker, CALL)).toBe('applied')
    const late = await EtcdDriver.open({ endpoints: servers.endpoints, maxTxnOps: OPS })
    expect(await kindOf(beginWriting(late).commit(applied, CALL))).toBe('conflict')
    await Promise.all([other.close(), late.close()])
  })

  test('a commit whose lease has expired is refused by etcd, and sent again with a new one', async () => {
    const keyspace = await newKeyspace()
    await write(driver, keyspace, { a: '1' })
    const leases = await leasesOf(servers.endpoints[0]!)
    expect(leases.length).toBeGreaterThan(0)
    for (const lease of leases) await client.revokeLease(lease)
    const marker = { key: bytes('ldb/t stale'), value: bytes('x'), lease: leases[0]! }
    // What a delayed request meets: the marker is gone, and so is its lease.
    await expect(client.txn({ compare: [], success: [{ kind: 'put', ...marker }] })).rejects.toMatchObject({
      status: 5,
    })
    await write(driver, keyspace, { a: '2' })
    expect(await read(driver, keyspace, 'a')).toBe('2')
    expect((await leasesOf(servers.endpoints[0]!)).some((lease) => leases.includes(lease))).toBe(false)
  })

  test('markers of acknowledged commits do not pile up, and close deletes the rest', async () => {
    const own = await EtcdDriver.open({ endpoints: servers.endpoints, prefix: 'own/' })
    const keyspace = await own.createKeyspace('k', '', CALL)
    for (let i = 0; i < 100; i++) await write(own, keyspace, { a: String(i) })
    const markers = { key: bytes('own/t'), rangeEnd: bytes('own/u'), countOnly: true }
    expect((await client.range(markers)).count).toBeLessThanOrEqual(66)
    await own.close()
    expect((await client.range(markers)).count).toBe(0)
    expect(await kindOf(own.keyspaces(CALL))).toBe('closed')
  })

  test('limits are reported, and what is over them is refused before it is written', async () => {
    const keyspace = await newKeyspace()
    const { transactionWritesMax, transactionBytesMax, valueBytesMax, keyBytesMax } = driver.limits
    const key = 'k'.repeat(keyBytesMax)
    await write(driver, keyspace, { [key]: 'v'.repeat(valueBytesMax) })
    expect((await read(driver, keyspace, key))?.length).toBe(valueBytesMax)
    const few = Math.floor(transactionBytesMax / transactionWritesMax) - 4
    const entries = Array.from({ length: transactionWritesMax }, (_, i) => [
      String(i).padStart(4, '0'),
      'v'.repeat(few),
    ])
    await write(driver, keyspace, Object.fromEntries(entries) as Record<string, string>)
    expect(await kindOf(write(driver, keyspace, { a: 'v'.repeat(2_000_000) }))).toBe('limitExceeded')
    const tooMany = Array.from({ length: OPS }, (_, i) => [String(i), 'v'])
    expect(await kindOf(write(driver, keyspace, Object.fromEntries(tooMany) as Record<string, string>))).toBe(
      'limitExceeded',
    )
    expect(await read(driver, keyspace, 'a')).toBeUndefined()
  })

  test('a watch reports each commit once, without markers and other keyspaces', async () => {
    const keyspace = await newKeyspace()
    const other = await newKeyspace()
    let version = await versionNow(driver)
    const watch = driver.watch({ keyspaces: [keyspace], from: version })
    await write(driver, other, { a: '1' })
    await write(driver, keyspace, { a: '1', b: '2' })
    await write(driver, keyspace, { a: undefined, c: '3' })
    const seen: unknown[] = []
    while (seen.length < 2) {
      const commit = await watch.next()
      expect(driver.compareVersions(version, commit!.version)).toBeLessThan(0)
      version = commit!.version
      if (commit!.changes.length > 0)
        seen.push(commit!.changes.map((change) => [change.kind, 'key' in change && textOf(change.key)]))
    }
    expect(seen).toEqual([
      [
        ['put', 'a'],
        ['put', 'b'],
      ],
      [
        ['delete', 'a'],
        ['put', 'c'],
      ],
    ])
    // A dropped keyspace has no changes, but the watch proceeds.
    await driver.dropKeyspace(keyspace, CALL)
    for (let reached = version; driver.compareVersions(reached, version) <= 0;) {
      const commit = await watch.next()
      expect(commit!.changes).toEqual([])
      reached = commit!.version
    }
    const waiting = watch.next()
    await watch.close()
    await waiting
    expect(await watch.next()).toBeUndefined()
  })

  test('a revision that was compacted is too old for a snapshot and for a watch', async () => {
    const keyspace = await newKeyspace()
    await write(driver, keyspace, { a: '1' })
    const snapshot = beginReading(driver)
    await snapshot.pin(CALL)
    const from = snapshot.version!
    for (let i = 0; i < 3; i++) await write(driver, keyspace, { a: String(i) })
    const { revision } = await client.range({ key: bytes('x') })
    await client.compact(revision)
    expect(await kindOf(snapshot.getMany([{ keyspace, key: bytes('a') }], CALL))).toBe('snapshotTooOld')
    const watch = driver.watch({ keyspaces: [keyspace], from })
    expect(await kindOf(watch.next())).toBe('snapshotTooOld')
    await watch.close()
  })
})
