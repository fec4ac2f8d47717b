import { expect, test } from 'vitest'
import { EtcdServers, findEtcd } from '../src/index.js'

const { program, missing } = findEtcd()
if (missing !== undefined) console.log(`skipped: ${missing}`)

test.skipIf(program === undefined)(
  'starts three members, kills and freezes the leader, and restarts it',
  async () => {
    const servers = await EtcdServers.start(program ?? '')
    try {
      const first = await servers.waitForLeader()
      await servers.kill(first)
      expect(servers.process(first).isRunning).toBe(false)
      const second = await servers.waitForLeader()
      expect(second).not.toBe(first)
      await servers.restart(first)
      servers.freeze(second)
      const third = await servers.waitForLeader()
      expect(third).not.toBe(second)
      servers.resume(second)
    } finally {
      await servers.stop()
    }
    expect([0, 1, 2].map((index) => servers.process(index).isRunning)).toEqual([false, false, false])
  },
)
