/**
 * How to reach etcd.
 *
 * @category Client
 */
export interface EtcdClientOptions {
  /** Addresses of members: `['http://127.0.0.1:2379']`. The client uses one at a time, and another one when that fails. */
  readonly endpoints: readonly string[]
  /** User name. Without it, no login. */
  readonly username?: string
  /** Password of the user. */
  readonly password?: string
  /** Certificates of the authority that has signed those of the members, in PEM. @defaultValue those of Node */
  readonly ca?: string
  /** Certificate of the client, in PEM. */
  readonly certificate?: string
  /** Private key of `certificate`, in PEM. */
  readonly key?: string
  /** Name that the members' certificates must have. @defaultValue the host of the endpoint */
  readonly serverName?: string
  /** Time after which a call to one member counts as failed, in milliseconds. @defaultValue 1500 */
  readonly attemptTimeoutMs?: number
}

/**
 * How long a call may take.
 *
 * @category Client
 */
export interface EtcdCallOptions {
  /** Time for all attempts, in milliseconds. @defaultValue 10000 */
  readonly timeoutMs?: number
}
