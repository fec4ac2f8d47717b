/**
 * A driver of `@ldb/cluster` for etcd, and the small client that it is made of.
 *
 * @packageDocumentation
 */

// The driver
export { EtcdDriver } from './driver/etcd-driver.js'
export type { EtcdOptions } from './driver/etcd-options.js'

// The client
export { EtcdClient } from './client/etcd-client.js'
export type { EtcdCallOptions, EtcdClientOptions } from './client/etcd-client-options.js'
export { EtcdCallError } from './client/rpc-error.js'
export type { EtcdWatch, EtcdWatchRequest } from './client/etcd-watch.js'
export type { EtcdRevision } from './client/revision-groups.js'
export type { EtcdKeyValue } from './messages/key-value.js'
export type { EtcdRangeRequest, EtcdRangeResponse } from './messages/range.js'
export type { EtcdStatus } from './messages/status.js'
export type { EtcdCompare, EtcdOperation, EtcdTxnRequest, EtcdTxnResponse } from './messages/txn.js'
export type { EtcdEvent } from './messages/watch.js'
