import { invalidArgument } from '@ldb/base'

/** Version of FORMAT.md. */
export const FORMAT_VERSION = 1

const SCHEMA = /^[a-z_][a-z0-9_]{0,39}$/

/** The names of the tables of one schema, qualified, for use in statements. */
export class SchemaNames {
  readonly schema: string

  /** @throws LdbError LDB_INVALID_ARGUMENT for a name that is not of at most 40 lowercase letters, digits and underscores. */
  constructor(schema: string) {
    if (typeof schema !== 'string' || !SCHEMA.test(schema)) {
      throw invalidArgument('the name of a schema has up to 40 lowercase letters, digits and underscores')
    }
    this.schema = schema
  }

  /** Returns a table or a sequence of the schema. */
  table(name: 'state' | 'keyspaces' | 'commits' | 'commit_seq' | 'watchers'): string {
    return `"${this.schema}".${name}`
  }

  /** Returns the table of the entries of a keyspace. */
  entries(keyspaceId: string): string {
    return `"${this.schema}".e${BigInt(keyspaceId)}`
  }

  /** Name of the channel of the notifications. */
  get channel(): string {
    return `ldb_${this.schema}`
  }
}
