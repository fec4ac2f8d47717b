import { DriverError } from '@ldb/cluster'
import { sqlStateOf } from '../session/error-kinds.js'
import { int8Of } from '../session/rows.js'
import type { Session } from '../session/session.js'
import type { EngineKind } from './engine-kind.js'
import { FORMAT_VERSION } from './schema-names.js'
import type { SchemaNames } from './schema-names.js'

const UNDEFINED_TABLE = '42P01'
const UNDEFINED_SCHEMA = '3F000'
/** Serializes the creation of schemas: `create if not exists` of two sessions may fail. */
const CREATION_LOCK = 0x6c_64_62

/**
 * Creates the tables unless they exist, and checks their format.
 *
 * @throws DriverError `'fatal'` for another format.
 */
export async function ensureSchema(session: Session, names: SchemaNames, engine: EngineKind): Promise<void> {
  const format = (await readFormat(session, names)) ?? (await createSchema(session, names, engine))
  if (format === FORMAT_VERSION) return
  const message = `the schema ${names.schema} has format ${format}, and this driver reads format ${FORMAT_VERSION}`
  throw new DriverError('fatal', message)
}

async function readFormat(session: Session, names: SchemaNames): Promise<number | undefined> {
  try {
    const { rows } = await session.query(`select format::bigint from ${names.table('state')}`)
    return rows.length === 0 ? undefined : int8Of(rows[0]?.[0])
  } catch (error) {
    const code = sqlStateOf(error)
    if (code === UNDEFINED_TABLE || code === UNDEFINED_SCHEMA) return undefined
    throw error
  }
}

async function createSchema(session: Session, names: SchemaNames, engine: EngineKind): Promise<number> {
  await session.query('begin')
  try {
    await session.query(`select pg_advisory_xact_lock(${CREATION_LOCK})`)
    for (const text of definitions(names, engine)) await session.query(text)
    await session.query('commit')
  } catch (error) {
    await session.query('rollback').catch(() => undefined)
    throw error
  }
  return (await readFormat(session, names)) ?? FORMAT_VERSION
}

function definitions(names: SchemaNames, engine: EngineKind): string[] {
  const xid = engine === 'PostgreSQL' ? 'xid8 default pg_current_xact_id()' : 'bigint'
  return [
    `create schema if not exists "${names.schema}"`,
    `create table if not exists ${names.table('state')} (
      id int primary key, format int not null, safe bigint not null, trimmed bigint not null)`,
    `create table if not exists ${names.table('keyspaces')} (
      id bigint generated always as identity primary key, name text not null unique, properties text not null)`,
    `create sequence if not exists ${names.table('commit_seq')}`,
    `create table if not exists ${names.table('commits')} (
      id bytea primary key, seq bigint unique, xid ${xid}, at timestamptz not null default now(),
      keyspaces bigint[], put_counts bigint[], keys bytea[], vals bytea[],
      deleted_counts bigint[], deleted bytea[])`,
    `create table if not exists ${names.table('watchers')} (id text primary key, until timestamptz not null)`,
    `insert into ${names.table('state')} (id, format, safe, trimmed)
      values (1, ${FORMAT_VERSION}, 0, 0) on conflict (id) do nothing`,
  ]
}
