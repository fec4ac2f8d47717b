import { afterEach, beforeAll, afterAll, describe, expect, test, vi } from 'vitest'
import type { EtcdServers } from '@ldb/servers'
import { EtcdClient, EtcdDriver } from '@ldb/etcd'
import { beginWriting, bytes, CALL, commitOf, kindOf, read, textOf, write } from './driver-calls.js'
import { hasEtcd, startEtcd } from './servers.js'

const KEYS = 40
const ATTEMPT_MS = 400

describe.skipIf(!hasEtcd)('a put that waits in the socket of a frozen member', () => {
  let servers: EtcdServers

  beforeAll(async () => {
    servers = await startEtcd()
  })
  afterAll(async () => {
    await servers?.stop()
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })

  const keys = Array.from({ length: KEYS }, (_, i) => `k${i}`)

  /** Freezes the leader. Returns its address, those of the others, and a function that continues it and waits until it has caught up. */
  async function freezeLeader(): Promise<{ frozen: string; others: string[]; thaw: () => Promise<void> }> {
    const leader = await servers.waitForLeader()
    const frozen = servers.endpoints[leader]!
    const others = servers.endpoints.filter((endpoint) => endpoint !== frozen)
    servers.freeze(leader)
    const thaw = async (): Promise<void> => {
      servers.resume(leader)
      const client = new EtcdClient({ endpoints: [frozen] })
      // Requests that waited were received before this one. They are proposed to the new leader meanwhile.
      await client.range({ key: bytes('x') }, { timeoutMs: 20_000 })
      await new Promise((resolve) => setTimeout(resolve, 300))
      await client.range({ key: bytes('x') }, { timeoutMs: 20_000 })
      client.close()
    }
    return { frozen, others, thaw }
  }

  /** Puts A through the frozen leader, again through another member, then B. Returns how many keys are A in the end. */
  async function overwrittenByBlindRetries(): Promise<number> {
    const { frozen, others, thaw } = await freezeLeader()
    const a = new EtcdClient({ endpoints: [frozen], attemptTimeoutMs: ATTEMPT_MS })
    const b = new EtcdClient({ endpoints: others })
    const put = (client: EtcdClient, key: string, value: string): Promise<unknown> =>
      client.txn({ compare: [], success: [{ kind: 'put', key: bytes(key), value: bytes(value) }] })
    await Promise.all(
      keys.map(async (key) => {
        await expect(put(a, key, 'A')).rejects.toMatchObject({ status: 4, wasSent: true })
      }),
    )
    await b.range({ key: bytes('x') }, { timeoutMs: 20_000 })
    for (const value of ['A', 'B']) for (const key of keys) await put(b, key, value)
    await thaw()
    const { kvs } = await b.range({ key: bytes('k'), rangeEnd: bytes('l') })
    expect(kvs.length).toBe(KEYS)
    a.close()
    b.close()
    return kvs.filter(({ value }) => textOf(value) === 'A').length
  }

  test('overwrites a later one when it is retried blindly', async () => {
    // Whether the member applies what waited depends on its scheduler: most rounds show it.
    let overwritten = 0
    for (let round = 0; round < 6 && overwritten === 0; round++)
      overwritten = await overwrittenByBlindRetries()
    expect(overwritten).toBeGreaterThan(0)
  })

  test('never overwrites one when it is fenced', async () => {
    const first = await EtcdDriver.open({ endpoints: servers.endpoints })
    const keyspace = await first.createKeyspace('k', '', CALL)
    await first.close()
    const leader = servers.endpoints[await servers.waitForLeader()]!
    const others = servers.endpoints.filter((endpoint) => endpoint !== leader)
    const b = await EtcdDriver.open({ endpoints: others })
    // The driver begins at the first endpoint, and has its lease before the member freezes.
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const a = await EtcdDriver.open({ endpoints: [leader, ...others], attemptTimeoutMs: ATTEMPT_MS })
    vi.restoreAllMocks()
    await write(a, keyspace, { warm: '1' })
    const { frozen, thaw } = await freezeLeader()
    expect(frozen).toBe(leader)
    const requests = keys.map((key) => commitOf(keyspace, { [key]: 'A' }))
    const kinds = await Promise.all(requests.map((request) => kindOf(beginWriting(a).commit(request, CALL))))
    expect(new Set(kinds)).toEqual(new Set(['commitUnknown']))
    const outcomes = await Promise.all(requests.map(({ marker }) => a.resolve(marker, CALL)))
    expect(new Set(outcomes)).toEqual(new Set(['notApplied']))
    for (const key of keys) await write(a, keyspace, { [key]: 'A' })
    for (const key of keys) await write(b, keyspace, { [key]: 'B' })
    await thaw()
    for (const key of keys) expect(await read(b, keyspace, key)).toBe('B')
    // The claims refuse the commits, and stay.
    const again = await kindOf(beginWriting(b).commit(requests[0]!, CALL))
    expect(again).toBe('conflict')
    await Promise.all([a.close(), b.close()])
  })
})
