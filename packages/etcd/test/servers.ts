import { EtcdServers, findEtcd } from '@ldb/servers'

const { program, missing } = findEtcd()
if (missing !== undefined) console.log(`skipped: ${missing}`)

/** Whether the tests that need etcd can run. */
export const hasEtcd: boolean = program !== undefined

/** Starts three members, which accept large transactions. */
export function startEtcd(options: Parameters<typeof EtcdServers.start>[1] = {}): Promise<EtcdServers> {
  return EtcdServers.start(program ?? '', options)
}
