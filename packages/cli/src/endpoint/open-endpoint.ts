import { readFileSync } from 'node:fs'
import { AsyncDatabase } from '@ldb/core'
import type { ClusterDatabase, ClusterDriver, KeyValueDatabase } from '@ldb/cluster'
import { encryptionOf } from '../data/open.js'
import { CommandExit, ExitCode } from '../terminal/exit-code.js'
import { loadUserPackage } from '../transfer/user-package.js'
import type { Endpoint, EtcdEndpoint, PostgresEndpoint } from './endpoint.js'

/** Options that say how databases are opened. */
export interface EndpointOptions {
  readonly keyFile?: string
  /** Engine of new keyspaces of an embedded target. */
  readonly engine?: 'btree' | 'lsm'
  /** Schema of PostgreSQL. */
  readonly schema?: string
  readonly engineLimits?: boolean
  /** Files in PEM. */
  readonly ca?: string
  readonly cert?: string
  readonly certKey?: string
}

/** The used part of `@ldb/postgres`. */
interface PostgresPackage {
  readonly PostgresDriver: { open(url: string, options: object): Promise<ClusterDriver> }
}

/** The used part of `@ldb/etcd`. */
interface EtcdPackage {
  readonly EtcdDriver: { open(options: object): Promise<ClusterDriver> }
}

/** A copy reads one snapshot, however long it takes. */
const SNAPSHOT_MS_MAX = 24 * 60 * 60 * 1000

/**
 * Opens the source or the target of a copy.
 *
 * @param use - a source is not written to, and exists; a target is created.
 * @throws {@link CommandExit} when the package of a driver is not installed, or no connection comes about; the errors of the embedded database.
 */
export async function openEndpoint(
  endpoint: Endpoint,
  use: 'source' | 'target',
  options: EndpointOptions,
): Promise<KeyValueDatabase & { close(): Promise<void> }> {
  if (endpoint.kind === 'directory') return openDirectory(endpoint.path, use, options)
  // A source has been written within the limits of its engine.
  const limits = use === 'source' || options.engineLimits === true ? 'engine' : 'portable'
  const { ClusterDatabase: cluster } = await import('@ldb/cluster')
  const open = async (): Promise<ClusterDatabase> =>
    cluster.open(
      endpoint.kind === 'postgres'
        ? await openPostgres(endpoint, options)
        : await openEtcd(endpoint, options),
      { limits },
    )
  try {
    return await open()
  } catch (error) {
    if (error instanceof CommandExit) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new CommandExit(ExitCode.error, `${endpoint.shown}: ${message}`)
  }
}

function openDirectory(
  path: string,
  use: 'source' | 'target',
  { engine, keyFile }: EndpointOptions,
): Promise<AsyncDatabase> {
  const encryption = encryptionOf(keyFile === undefined ? {} : { keyFile })
  if (use === 'source') return AsyncDatabase.open(path, { readOnly: true, ...encryption })
  return AsyncDatabase.open(path, { ...(engine !== undefined && { engine }), ...encryption })
}

/** `pg` itself reads `PGPASSWORD` and the other variables of PostgreSQL. */
async function openPostgres({ url }: PostgresEndpoint, options: EndpointOptions): Promise<ClusterDriver> {
  const { content } = loadUserPackage('postgres://', ['@ldb/postgres'])
  const { PostgresDriver } = content as PostgresPackage
  const { ca, certificate, key } = tlsOf(options)
  const hasTls = ca !== undefined || certificate !== undefined
  return PostgresDriver.open(url, {
    ...(options.schema !== undefined && { schema: options.schema }),
    snapshotMsMax: SNAPSHOT_MS_MAX,
    ...(hasTls && { client: { ssl: { ca, cert: certificate, key } } }),
  })
}

async function openEtcd(endpoint: EtcdEndpoint, options: EndpointOptions): Promise<ClusterDriver> {
  const { content } = loadUserPackage(
    endpoint.endpoints[0]?.startsWith('https') === true ? 'etcds://' : 'etcd://',
    ['@ldb/etcd'],
  )
  const { EtcdDriver } = content as EtcdPackage
  const { endpoints, prefix, username, password } = endpoint
  const given = { endpoints, prefix, username, password, ...tlsOf(options) }
  return EtcdDriver.open(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)))
}

function tlsOf({ ca, cert, certKey }: EndpointOptions): {
  readonly ca: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
} {
  if ((cert === undefined) !== (certKey === undefined))
    throw new CommandExit(ExitCode.usage, '--cert and --cert-key belong together')
  return { ca: textOf(ca), certificate: textOf(cert), key: textOf(certKey) }
}

function textOf(path: string | undefined): string | undefined {
  return path === undefined ? undefined : readFileSync(path, 'utf8')
}
