import { invalidArgument, ownOptions } from '@ldb/base'
import type { EtcdClientOptions } from '../client/etcd-client-options.js'

/**
 * How to reach a database in etcd, and what the servers accept.
 *
 * @category Driver
 */
export interface EtcdOptions extends EtcdClientOptions {
  /** Text before every key of the database: databases with different prefixes share one etcd. None may be the beginning of another. @defaultValue 'ldb/' */
  readonly prefix?: string
  /**
   * The servers' `--max-txn-ops`: conditions, and operations, of one transaction. Raise both for large transactions, up to about 1,000.
   * @defaultValue 128
   */
  readonly maxTxnOps?: number
  /** The servers' `--max-request-bytes`. @defaultValue 1572864 */
  readonly maxRequestBytes?: number
  /** Entries of one page of a scan at most. @defaultValue 1000 */
  readonly pageEntries?: number
}

/** {@link EtcdOptions} with every default. */
export interface ResolvedOptions {
  readonly client: EtcdClientOptions
  readonly prefix: string
  readonly maxTxnOps: number
  readonly maxRequestBytes: number
  readonly pageEntries: number
}

const TEXTS = ['username', 'password', 'ca', 'certificate', 'key', 'serverName', 'prefix'] as const
const NUMBERS = ['attemptTimeoutMs', 'maxTxnOps', 'maxRequestBytes', 'pageEntries'] as const
/** Least and greatest value of each. */
const BOUNDS: Readonly<Record<(typeof NUMBERS)[number], readonly [number, number]>> = {
  attemptTimeoutMs: [10, 600_000],
  maxTxnOps: [16, 1_000_000],
  maxRequestBytes: [65_536, 2 ** 30],
  pageEntries: [1, 100_000],
}

/** Checks options. @throws LdbError `LDB_INVALID_ARGUMENT` */
export function resolveOptions(options: EtcdOptions): ResolvedOptions {
  const own = ownOptions(options, ['endpoints', ...TEXTS, ...NUMBERS])
  const { endpoints } = own
  if (!Array.isArray(endpoints) || !endpoints.every((endpoint) => typeof endpoint === 'string')) {
    throw invalidArgument('endpoints is an array of addresses')
  }
  for (const name of TEXTS) {
    if (own[name] !== undefined && typeof own[name] !== 'string') throw invalidArgument(`${name} is a string`)
  }
  for (const name of NUMBERS) {
    const value = own[name]
    const [min, max] = BOUNDS[name]
    if (value === undefined) continue
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      throw invalidArgument(`${name} is an integer from ${min} to ${max}`)
    }
  }
  // Their types were checked above.
  const {
    prefix = 'ldb/',
    maxTxnOps = 128,
    maxRequestBytes = 1_572_864,
    pageEntries = 1000,
  } = own as EtcdOptions
  const client: Record<string, unknown> = { endpoints: [...endpoints] }
  for (const name of CLIENT_NAMES) if (own[name] !== undefined) client[name] = own[name]
  return { client: client as unknown as EtcdClientOptions, prefix, maxTxnOps, maxRequestBytes, pageEntries }
}

const CLIENT_NAMES = [
  'username',
  'password',
  'ca',
  'certificate',
  'key',
  'serverName',
  'attemptTimeoutMs',
] as const
