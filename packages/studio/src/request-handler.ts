import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isLdbError } from '@ldb/base'
import type { Asset } from './assets.js'
import { editEntry, entriesPage, wholeValue } from './entries.js'
import type { Gate } from './gate.js'
import { setSecurityHeaders } from './gate.js'
import { databaseMap } from './map/database-map.js'
import { sendChanges } from './live/changes.js'
import { sendLog } from './live/log.js'
import { overview } from './overview.js'
import type { Fields } from './request-fields.js'
import { RequestError } from './session.js'
import type { Session } from './session.js'

/** Bytes of a request, which may contain a value of 1 MiB as base64, and the one that it replaces. */
const BODY_BYTES = 4_194_304

/** @param signal - aborted when the page is gone. */
type Call = (session: Session, fields: Fields, signal: AbortSignal) => Promise<object>

const CALLS: Readonly<Record<string, Call>> = {
  '/api/overview': overview,
  '/api/open': async (session) => {
    await session.open()
    return overview(session)
  },
  '/api/entries': entriesPage,
  '/api/value': wholeValue,
  '/api/put': (session, fields) => editEntry(session, fields, false),
  '/api/delete': (session, fields) => editEntry(session, fields, true),
  '/api/stats': (session) => session.stats(),
  '/api/map': databaseMap,
}

const STREAMS: Readonly<Record<string, (session: Session, response: ServerResponse) => Promise<void>>> = {
  '/api/changes': sendChanges,
  '/api/log': sendLog,
}

/** Answers one request. Every call is a POST with a JSON object, so that no address contains data. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  gate: Gate,
  session: Session,
  assets: ReadonlyMap<string, Asset>,
): Promise<void> {
  setSecurityHeaders(response)
  try {
    if (!gate.isAddressed(request)) throw new RequestError(403, 'the request is not from the page')
    const path = request.url ?? ''
    const asset = request.method === 'GET' ? assets.get(path) : undefined
    if (asset !== undefined) {
      response.setHeader('content-type', asset.type)
      response.end(asset.content)
      return
    }
    if (!gate.isAuthorized(request)) throw new RequestError(401, 'the token is missing or wrong')
    if (request.method !== 'POST') throw new RequestError(404, 'there is no such page')
    if (Object.hasOwn(STREAMS, path)) {
      await STREAMS[path]?.(session, response)
      return
    }
    if (!Object.hasOwn(CALLS, path)) throw new RequestError(404, 'there is no such call')
    const call = CALLS[path] as Call
    const gone = new AbortController()
    response.once('close', () => {
      gone.abort()
    })
    sendJson(response, 200, await call(session, await readFields(request), gone.signal))
  } catch (error) {
    const [status, message] = failureOf(error)
    if (response.headersSent) response.end()
    else sendJson(response, status, { error: message })
  }
}

function failureOf(error: unknown): [number, string] {
  if (error instanceof RequestError) return [error.status, error.message]
  if (isLdbError(error)) return [409, `${error.code}: ${error.message}`]
  return [500, String(error)]
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(value, (_name, each: unknown) => (typeof each === 'bigint' ? `${each}` : each)))
}

async function readFields(request: IncomingMessage): Promise<Fields> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > BODY_BYTES) throw new RequestError(413, 'the request is too large')
    chunks.push(chunk)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  } catch {
    // Reported below.
  }
  throw new RequestError(400, 'the request must be a JSON object')
}
