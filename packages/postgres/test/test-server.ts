import { PostgresServer, findPostgres } from '@ldb/servers'
import { PostgresDriver } from '../src/index.js'
import type { PostgresOptions } from '../src/index.js'

const installation = findPostgres()
if (installation.missing !== undefined) console.log(`the suite is skipped: ${installation.missing}`)

/** Whether there is no PostgreSQL on this machine. The reason is printed. */
export const IS_MISSING: boolean = installation.missing !== undefined

/** Starts a PostgreSQL for the tests of one file. */
export async function startServer(tls?: { certificate: string; key: string }): Promise<PostgresServer> {
  if (installation.bin === undefined) throw new Error(installation.missing)
  return PostgresServer.start(installation.bin, tls === undefined ? {} : { tls })
}

let schemaCount = 0

/** Returns a name for a cluster of its own on a shared server. */
export function freshSchema(): string {
  return `t${process.pid}_${schemaCount++}`
}

/** Opens a driver in a schema. */
export async function openDriver(
  url: string,
  schema: string,
  options: PostgresOptions = {},
): Promise<PostgresDriver> {
  return PostgresDriver.open(url, { schema, ...options })
}
