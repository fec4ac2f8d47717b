import { invalidArgument, ownOptions } from '@ldb/base'
import { SchemaNames } from './schema/schema-names.js'
import type { ClientOptions } from './session/session.js'

/** Options of {@link PostgresDriver.open}. @category Options */
export interface PostgresOptions {
  /**
   * Name of the schema of the tables: a cluster of its own. Up to 40 lowercase letters, digits and underscores.
   * @defaultValue 'ldb'
   */
  readonly schema?: string
  /**
   * Number of sessions of the driver. A watch needs one more. Snapshots and transactions occupy one each until they end.
   * @defaultValue 10
   */
  readonly connectionsMax?: number
  /**
   * Age in milliseconds at which a snapshot or a transaction is rolled back: it holds the vacuum of the whole server back.
   * @defaultValue 60 000
   */
  readonly snapshotMsMax?: number
  /**
   * Time in milliseconds for which changes and markers are kept: a watch can resume for so long. At least 10 minutes. All drivers of a schema should use the same.
   * @defaultValue 3 600 000
   */
  readonly retentionMs?: number
  /** Options of `pg`, besides those of the connection string: `password` as a function, `ssl`, and others. */
  readonly client?: ClientOptions
}

/** Options with their defaults. */
export interface ResolvedOptions {
  readonly names: SchemaNames
  readonly connectionsMax: number
  readonly snapshotMsMax: number
  readonly retentionMs: number
  readonly client: ClientOptions
}

const MINUTE_MS = 60_000
const CLIENT_OPTIONS = [
  'user',
  'password',
  'database',
  'ssl',
  'application_name',
  'keepAlive',
  'options',
] as const

/** @throws LdbError LDB_INVALID_ARGUMENT. */
export function resolveOptions(options: PostgresOptions | undefined): ResolvedOptions {
  const own = ownOptions(options, ['schema', 'connectionsMax', 'snapshotMsMax', 'retentionMs', 'client'])
  const client = ownOptions(own.client, CLIENT_OPTIONS, 'the option client')
  return {
    names: new SchemaNames((own.schema ?? 'ldb') as string),
    connectionsMax: integer(own.connectionsMax ?? 10, 'connectionsMax', 1, 10_000),
    snapshotMsMax: integer(own.snapshotMsMax ?? MINUTE_MS, 'snapshotMsMax', 100, 24 * 60 * MINUTE_MS),
    retentionMs: integer(
      own.retentionMs ?? 60 * MINUTE_MS,
      'retentionMs',
      10 * MINUTE_MS,
      365 * 24 * 60 * MINUTE_MS,
    ),
    client: Object.fromEntries(Object.entries(client).filter(([, value]) => value !== undefined)),
  }
}

function integer(value: unknown, name: string, min: number, max: number): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number
  throw invalidArgument(`the option ${name} must be an integer from ${min} to ${max}`)
}
