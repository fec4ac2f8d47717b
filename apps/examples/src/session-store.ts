// Sessions of a web service: entries that expire, behind an HTTP server.
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AsyncDatabase, AsyncKeyspace } from '@ldb/core'

/** What is stored of a session. */
export interface Session {
  readonly user: string
  readonly visitCount: number
}

/** Sessions by their random identifier. */
export class SessionStore {
  readonly #sessions: AsyncKeyspace<string, Session>

  private constructor(sessions: AsyncKeyspace<string, Session>) {
    this.#sessions = sessions
  }

  /** @param ttlMs - lifetime of a session that is not renewed, in milliseconds. */
  static async open(db: AsyncDatabase, ttlMs: number): Promise<SessionStore> {
    return new SessionStore(await db.keyspace<string, Session>('sessions', { values: 'json', ttlMs }))
  }

  /** Begins a session, and returns its identifier. */
  async begin(user: string): Promise<string> {
    const id = randomUUID()
    await this.#sessions.put(id, { user, visitCount: 0 })
    return id
  }

  /** Counts a visit, without a change of the lifetime. Returns `undefined` when there is no such session, or no longer. */
  async visit(id: string): Promise<Session | undefined> {
    return this.#sessions.update(id, (session) => {
      return session === undefined ? undefined : { ...session, visitCount: session.visitCount + 1 }
    })
  }

  /** Begins the lifetime again, and reports whether there is such a session. */
  async renew(id: string): Promise<boolean> {
    const session = await this.#sessions.get(id)
    return session !== undefined && (await this.#sessions.compareAndSwap(id, session, session))
  }

  /** Ends a session, and returns what was stored of it. */
  async end(id: string): Promise<Session | undefined> {
    return this.#sessions.take(id)
  }
}

/**
 * Creates a server for `POST /sessions?user=…`, which sets a cookie, and for `GET`, `PUT` and `DELETE /session` with that cookie: they visit,
 * renew and end the session.
 */
export function sessionServer(store: SessionStore): Server {
  return createServer((request, response) => {
    answer(store, request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error))
    })
  })
}

async function answer(
  store: SessionStore,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const user = searchParams.get('user')
  if (request.method === 'POST' && pathname === '/sessions' && user !== null) {
    const id = await store.begin(user)
    response.writeHead(201, { 'set-cookie': `session=${id}; HttpOnly; SameSite=Strict` }).end()
    return
  }
  const id = /(?:^|; )session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1]
  if (pathname !== '/session' || id === undefined) {
    response.writeHead(404).end()
    return
  }
  const session = await answerSession(store, request.method, id)
  if (session === undefined) response.writeHead(401).end()
  else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(session))
}

async function answerSession(store: SessionStore, method: string | undefined, id: string): Promise<unknown> {
  if (method === 'GET') return store.visit(id)
  if (method === 'DELETE') return store.end(id)
  return (await store.renew(id)) ? { renewed: true } : undefined
}
