import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { invalidArgument, ownOptions } from '@ldb/base'
import { AsyncDatabase } from '@ldb/core'
import type { Encryption } from '@ldb/core'
import { loadAssets } from './assets.js'
import { Gate } from './gate.js'
import { handleRequest } from './request-handler.js'
import { Session } from './session.js'

/** Options of a studio. @category Studio */
export interface StudioOptions {
  /** Port on loopback. @defaultValue 0: a free one */
  readonly port?: number | undefined
  /** Opens the database read-only: nothing can be edited, and other readers may hold it. @defaultValue false */
  readonly readOnly?: boolean | undefined
  /** Key of an encrypted database. */
  readonly encryption?: Encryption | undefined
}

const KNOWN = ['port', 'readOnly', 'encryption'] as const
const TOKEN_BYTES = 32

/**
 * A page in the browser that shows a database, served on loopback.
 *
 * @category Studio
 */
export class Studio implements AsyncDisposable {
  /** Address of the page. The token follows `#`, so that the browser never sends it as part of an address. */
  readonly url: string
  readonly #server: Server
  readonly #session: Session

  private constructor(url: string, server: Server, session: Session) {
    this.url = url
    this.#server = server
    this.#session = session
  }

  /**
   * Starts to serve a database: the one in a directory, or one that is open in this process, which stays open.
   *
   * @remarks A directory that cannot be opened, because it is locked or damaged, is no error here: the page says why, and can try again.
   * @throws {@link LdbError} LDB_INVALID_ARGUMENT for an unknown option or a port that is none. Errors of the network are Node's.
   */
  static async start(source: string | AsyncDatabase, options?: StudioOptions): Promise<Studio> {
    const { port = 0, readOnly = false, encryption } = ownOptions(options, KNOWN)
    if (!Number.isInteger(port) || (port as number) < 0 || (port as number) > 65_535)
      throw invalidArgument('port must be a whole number from 0 to 65,535')
    if (typeof readOnly !== 'boolean') throw invalidArgument('readOnly must be a boolean')
    if (typeof source !== 'string' && !(source instanceof AsyncDatabase))
      throw invalidArgument('the database must be a path or an open AsyncDatabase')
    const session = new Session(source, {
      readOnly,
      ...(encryption === undefined ? {} : { encryption: encryption as Encryption }),
    })
    const assets = await loadAssets()
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    const server = createServer()
    await listen(server, port as number)
    const { port: bound } = server.address() as AddressInfo
    const gate = new Gate(token, bound)
    server.on('request', (request, response) => {
      void handleRequest(request, response, gate, session, assets)
    })
    await session.open()
    return new Studio(`http://127.0.0.1:${bound}/#${token}`, server, session)
  }

  /** Ends the server, then closes the database that it has opened. */
  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    await this.#session.close()
  }

  /** Closes the studio. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}
