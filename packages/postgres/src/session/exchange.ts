import { Query } from 'pg'
import type { Connection } from 'pg'
import type { Row } from './rows.js'

/** A parameter of a statement: bytes are sent in binary form, the rest as text. */
export type Parameter = Buffer | Uint8Array | string | number | null

/** A statement with its parameters. */
export interface Statement {
  readonly text: string
  readonly values?: readonly Parameter[] | undefined
}

/** Answer of one statement. */
export interface Answer {
  /** Tag of the command: `COMMIT`, `ROLLBACK`, `SELECT`. */
  readonly command: string
  readonly rows: readonly Row[]
}

/** A statement as it is sent: with the name under which the server keeps it prepared, empty for none. */
export interface NamedStatement extends Statement {
  readonly name: string
  /** True when the server may not have it: an error may have come before or behind its preparation. */
  readonly isNew: boolean
}

/** Called once, with the answers of all statements or with the first error. */
export type ExchangeCallback = (error: Error | undefined, answers: readonly Answer[]) => void

// `pg` pipelines only queries of its own class.
const ClientQuery: new (text: string) => object = Query as unknown as new (text: string) => object

/**
 * Statements that travel in one message, with one answer.
 *
 * @remarks The server skips the statements behind one that fails. Without a `begin` they are one transaction. No description of the rows is
 * asked for: their values arrive as text.
 */
export class Exchange extends ClientQuery {
  readonly #statements: readonly NamedStatement[]
  readonly #callback: ExchangeCallback
  readonly #answers: Answer[] = []
  #rows: Row[] = []

  constructor(statements: readonly NamedStatement[], callback: ExchangeCallback) {
    super('')
    this.#statements = statements
    this.#callback = callback
  }

  /** Called by the client, as all below. */
  submit(connection: Connection): void {
    const { stream } = connection
    stream.cork()
    try {
      for (const { text, name, isNew, values } of this.#statements) {
        if (isNew) {
          if (name !== '') connection.close({ type: 'S', name }, false)
          connection.parse({ text, name, types: [] }, false)
        }
        connection.bind({ portal: '', statement: name, values: values?.map(encoded) ?? [] } as never, false)
        connection.execute(null, false)
      }
      connection.sync()
    } finally {
      stream.uncork()
    }
  }

  handleDataRow({ fields }: { readonly fields: Row }): void {
    this.#rows.push(fields)
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const end = text.indexOf(' ')
    this.#answers.push({ command: end < 0 ? text : text.slice(0, end), rows: this.#rows })
    this.#rows = []
  }

  handleReadyForQuery(): void {
    this.#callback(undefined, this.#answers)
  }

  handleError(error: Error): void {
    this.#callback(error, [])
  }
}

function encoded(value: Parameter): Buffer | string | null {
  if (value === null || typeof value === 'string' || Buffer.isBuffer(value)) return value
  if (typeof value === 'number') return String(value)
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}
