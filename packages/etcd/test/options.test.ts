import { expect, test } from 'vitest'
import { EtcdClient, EtcdDriver } from '@ldb/etcd'
import type { EtcdOptions } from '@ldb/etcd'

const endpoints = ['http://127.0.0.1:1']

test.each<[string, unknown]>([
  ['no options', undefined],
  ['no endpoints', { endpoints: [] }],
  ['an address without a scheme', { endpoints: ['127.0.0.1'] }],
  ['another scheme', { endpoints: ['ftp://127.0.0.1'] }],
  ['a text instead of a list', { endpoints: 'http://127.0.0.1:1' }],
  ['an unknown option', { endpoints, x: 1 }],
  ['a number out of bounds', { endpoints, maxTxnOps: 0 }],
  ['a number that is a text', { endpoints, pageEntries: '10' }],
  ['a text that is a number', { endpoints, prefix: 1 }],
])('%s is refused', async (_, options) => {
  await expect(EtcdDriver.open(options as EtcdOptions)).rejects.toMatchObject({
    code: 'LDB_INVALID_ARGUMENT',
  })
})

test('a write that no member can have received says so', async () => {
  const client = new EtcdClient({ endpoints })
  await expect(client.txn({ compare: [], success: [] }, { timeoutMs: 100 })).rejects.toMatchObject({
    status: 14,
    wasSent: false,
  })
  client.close()
  await expect(client.range({ key: new Uint8Array([1]) })).rejects.toMatchObject({ status: 1 })
})
