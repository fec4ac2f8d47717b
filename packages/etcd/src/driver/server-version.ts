import { setTimeout } from 'node:timers'
import { DriverError } from '@ldb/cluster'
import type { EtcdClient } from '../client/etcd-client.js'
import { EtcdCallError, isMemberFailure } from '../client/rpc-error.js'
import { monotonicMs } from '../client/monotonic-ms.js'

/** Waits until a member answers, and checks its version. @throws DriverError, EtcdCallError */
export async function checkServerVersion(
  client: EtcdClient,
  endpointCount: number,
  timeoutMs: number,
): Promise<void> {
  const endMs = monotonicMs() + timeoutMs
  for (let attempt = 0; ; attempt++) {
    try {
      const { version } = await client.status(attempt % endpointCount)
      const [major = 0, minor = 0] = version.split('.').map(Number)
      if (major > 3 || (major === 3 && minor >= 5)) return
      throw new DriverError('unsupported', `etcd ${version} is too old: 3.5 or later is needed`)
    } catch (error) {
      const isUnavailable = error instanceof EtcdCallError && isMemberFailure(error)
      if (!isUnavailable || monotonicMs() >= endMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
