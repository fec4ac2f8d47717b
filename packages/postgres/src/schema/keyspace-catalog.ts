import type { DriverKeyspace } from '@ldb/cluster'
import { int8Of, textOf } from '../session/rows.js'
import type { Row } from '../session/rows.js'
import type { Session } from '../session/session.js'
import type { EngineKind } from './engine-kind.js'
import type { SchemaNames } from './schema-names.js'

/** Reads and changes the list of keyspaces. Each method uses one session, and rejects with the error of the client. */
export class KeyspaceCatalog {
  readonly #names: SchemaNames
  readonly #engine: EngineKind

  constructor(names: SchemaNames, engine: EngineKind) {
    this.#names = names
    this.#engine = engine
  }

  async list(session: Session): Promise<DriverKeyspace[]> {
    const { rows } = await session.query(`select id, name, properties from ${this.#table}`)
    return rows.map(keyspaceOf).sort((a, b) => compareText(a.name, b.name))
  }

  async find(session: Session, name: string): Promise<DriverKeyspace | undefined> {
    const text = `select id, name, properties from ${this.#table} where name = $1`
    const { rows } = await session.query(text, [name])
    return rows[0] === undefined ? undefined : keyspaceOf(rows[0])
  }

  async create(session: Session, name: string, properties: string): Promise<DriverKeyspace> {
    await session.query('begin')
    try {
      const { rows } = await session.query(
        `insert into ${this.#table} (name, properties) values ($1, $2) on conflict (name) do nothing returning id, name, properties`,
        [name, properties],
      )
      const created = rows[0] === undefined ? undefined : keyspaceOf(rows[0])
      if (created !== undefined) await session.query(this.#tableDefinition(created.id))
      await session.query('commit')
      // Another client has created it.
      return created ?? (await this.find(session, name)) ?? (await this.create(session, name, properties))
    } catch (error) {
      await session.query('rollback').catch(() => undefined)
      throw error
    }
  }

  async drop(session: Session, id: string): Promise<boolean> {
    await session.query('begin')
    try {
      const { rows } = await session.query(`delete from ${this.#table} where id = $1 returning id`, [id])
      await session.query(`drop table if exists ${this.#names.entries(id)}`)
      await session.query('commit')
      return rows.length > 0
    } catch (error) {
      await session.query('rollback').catch(() => undefined)
      throw error
    }
  }

  get #table(): string {
    return this.#names.table('keyspaces')
  }

  #tableDefinition(id: string): string {
    const table = this.#names.entries(id)
    // The default of YugabyteDB is a hash, without order.
    if (this.#engine === 'YugabyteDB') {
      return `create table ${table} (k bytea, v bytea not null, primary key (k asc))`
    }
    return `create table ${table} (k bytea primary key, v bytea not null)`
  }
}

function keyspaceOf(row: Row): DriverKeyspace {
  return { id: String(int8Of(row[0])), name: textOf(row[1]), properties: textOf(row[2]) }
}

function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
