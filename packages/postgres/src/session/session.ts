import { Socket } from 'node:net'
import { clearTimeout, setTimeout } from 'node:timers'
import { Client } from 'pg'
import type { ClientConfig, Connection } from 'pg'
import { ignoreRejection } from '@ldb/base'
import { Exchange } from './exchange.js'
import type { Answer, NamedStatement, Parameter, Statement } from './exchange.js'
import type { Host } from './hosts.js'

/** Options of `pg` that the driver passes on; `user`, `password` and `database` where the connection string has none. The types of `pg` need not be installed. @category Options */
export interface ClientOptions {
  readonly user?: string | undefined
  readonly password?: string | (() => string | Promise<string>) | undefined
  readonly database?: string | undefined
  /** True, or the options of `tls.connect` of Node. Counts for more than `sslmode` of the connection string. */
  readonly ssl?: boolean | Readonly<Record<string, unknown>> | undefined
  /** Name of the session in the views of the server. @defaultValue 'ldb' */
  readonly application_name?: string | undefined
  readonly keepAlive?: boolean | undefined
  /** Settings of the session: `-c name=value`. */
  readonly options?: string | undefined
}

/** Statements of a session that the server keeps prepared. Others are parsed each time. */
const PREPARED_MAX = 256

/**
 * One connection, with prepared statements. Statements that are sent without waiting for one another travel in one round trip.
 *
 * @remarks After `destroy`, or a failure of the socket, `isBroken` is true and each statement rejects.
 */
export class Session {
  readonly #client: Client
  readonly #socket: Socket
  readonly #names: Map<string, string> = new Map()
  readonly #prepared: Set<string> = new Set()
  #isBroken = false

  private constructor(client: Client, socket: Socket) {
    this.#client = client
    this.#socket = socket
    client.on('error', () => {
      this.#isBroken = true
    })
    client.on('end', () => {
      this.#isBroken = true
    })
  }

  /** Connects to a host within `timeoutMs`. Rejects with the error of the client. */
  static async connect(host: Host, options: ClientOptions, timeoutMs: number): Promise<Session> {
    const socket = new Socket()
    const { password, user, database, ...others } = options
    const client = new Client({
      application_name: 'ldb',
      keepAlive: true,
      ...others,
      connectionString: completeUrl(
        options.ssl === undefined ? host.connectionString : withoutTlsMode(host.connectionString),
        user,
        database,
      ),
      connectionTimeoutMillis: Math.max(1, Math.ceil(timeoutMs)),
      stream: () => socket,
      pipeline: true,
    } as ClientConfig)
    // An empty password of the connection string would replace that of the options.
    const isWithout = client.password === null || client.password === undefined || client.password === ''
    if (isWithout && password !== undefined) (client as { password?: unknown }).password = password
    const session = new Session(client, socket)
    try {
      await client.connect()
    } catch (error) {
      session.destroy()
      throw error
    }
    return session
  }

  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Calls `listener` with the channel of each notification. */
  onNotification(listener: () => void): void {
    this.#client.on('notification', listener)
  }

  /** Calls `listener` when the connection has ended. */
  onEnd(listener: () => void): void {
    this.#client.on('end', listener)
  }

  /** Sends a statement behind those that were sent before. */
  async query(text: string, values: readonly Parameter[] = []): Promise<Answer> {
    const [answer] = await this.exchange([{ text, values }])
    if (answer === undefined) throw new TypeError('the statement has no answer')
    return answer
  }

  /**
   * Sends statements in one message, and returns their answers. Those behind a statement that fails are not run. They belong to the transaction
   * that is open or that one of them begins, and are one themselves otherwise.
   */
  exchange(statements: readonly Statement[]): Promise<readonly Answer[]> {
    const named = statements.map((statement) => this.#named(statement))
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(named, (error, answers) => {
        if (error === undefined) {
          resolve(answers)
          return
        }
        // Which ones the server has prepared before the error is not known.
        for (const { text, isNew } of named) if (isNew) this.#prepared.delete(text)
        reject(error)
      })
      this.#client.query(exchange as never)
    })
  }

  /** Sends statements one after another, each a transaction, and returns their answers. Rejects with the first error. All have settled then. */
  async queryAll(statements: readonly Statement[]): Promise<Answer[]> {
    const { stream } = (this.#client as unknown as { readonly connection: Connection }).connection
    stream.cork()
    const answers = statements.map(({ text, values }) => this.query(text, values))
    stream.uncork()
    await Promise.allSettled(answers)
    return Promise.all(answers)
  }

  /** Ends the connection. Waiting statements reject. */
  destroy(): void {
    this.#isBroken = true
    this.#socket.destroy()
    // Removes the client's own timers, too.
    ignoreRejection(this.#client.end())
  }

  /** Ends an idle connection in the order of the protocol, and waits until its socket is closed. */
  async end(): Promise<void> {
    this.#isBroken = true
    const closed = new Promise<void>((resolve) => {
      if (this.#socket.destroyed) resolve()
      else
        this.#socket.once('close', () => {
          resolve()
        })
    })
    ignoreRejection(this.#client.end())
    const timer = setTimeout(() => this.#socket.destroy(), END_TIMEOUT_MS)
    await closed
    clearTimeout(timer)
  }

  #named({ text, values = NO_VALUES }: Statement): NamedStatement {
    const isNew = !this.#prepared.has(text)
    let name = this.#names.get(text)
    if (name === undefined && this.#names.size < PREPARED_MAX) {
      name = `s${this.#names.size}`
      this.#names.set(text, name)
    }
    if (name !== undefined) this.#prepared.add(text)
    return { text, values, name: name ?? '', isNew }
  }
}

const END_TIMEOUT_MS = 1000
const NO_VALUES: readonly Parameter[] = Object.freeze([])

/** Adds the user and the database that a connection string does not name. */
function completeUrl(
  connectionString: string,
  user: string | undefined,
  database: string | undefined,
): string {
  if (user === undefined && database === undefined) return connectionString
  const url = new URL(connectionString)
  if (url.username === '' && user !== undefined) url.username = encodeURIComponent(user)
  if (url.pathname.length <= 1 && database !== undefined) url.pathname = `/${encodeURIComponent(database)}`
  return url.href
}

/** Removes `sslmode` and `ssl`, by which `pg` would replace the option `ssl`, its certificates included. */
function withoutTlsMode(connectionString: string): string {
  const [address = '', parameters] = connectionString.split(/\?(?=[^?]*$)/, 2)
  if (parameters === undefined) return connectionString
  const others = parameters.split('&').filter((parameter) => !/^ssl(?:mode)?=/.test(parameter))
  return `${address}?${others.join('&')}`
}
