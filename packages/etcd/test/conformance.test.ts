import { afterAll, beforeAll, describe, test } from 'vitest'
import { conformanceCases } from '@ldb/cluster-conformance'
import type { EtcdServers } from '@ldb/servers'
import { EtcdDriver } from '@ldb/etcd'
import { hasEtcd, startEtcd } from './servers.js'

const OPS = 2000

describe.skipIf(!hasEtcd)('conformance', () => {
  let servers: EtcdServers

  beforeAll(async () => {
    servers = await startEtcd({ args: ['--max-txn-ops', String(OPS)] })
  })
  afterAll(async () => {
    await servers?.stop()
  })

  const open = (): Promise<EtcdDriver> => EtcdDriver.open({ endpoints: servers.endpoints, maxTxnOps: OPS })
  for (const { name, run } of conformanceCases(open, { scale: 0.2 })) test(name, run)
})
