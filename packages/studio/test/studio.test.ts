// The server by its requests: who is answered, pages of entries, edits, states of the directory.
import { request } from 'node:http'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { AsyncDatabase, Database, isLdbError } from '@ldb/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Studio } from '../src/index.js'
import { sendChanges } from '../src/live/changes.js'
import type { Session } from '../src/session.js'

let folder: string
let database: AsyncDatabase
let studio: Studio

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ldb-studio-'))
  database = await AsyncDatabase.memory()
  for (let i = 0; i < 1000; i++) await database.put(`k${String(i).padStart(4, '0')}`, `{"i":${i}}`)
  const events = await database.keyspace('events', { keys: 'tuple', values: 'json' })
  await events.put(['ada', 1] as never, { kind: 'login' })
  studio = await Studio.start(database)
})

afterAll(async () => {
  await studio.close()
  await database.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Sends any headers, which `fetch` does not. */
function send(
  of: Studio,
  method: string,
  path: string,
  headers: OutgoingHttpHeaders,
  body = '',
): Promise<Answer> {
  const { port } = new URL(of.url)
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

const bearer = (of: Studio): { authorization: string } => ({
  authorization: `Bearer ${new URL(of.url).hash.slice(1)}`,
})

async function call(of: Studio, name: string, fields: object = {}): Promise<[number, never]> {
  const { status, text } = await send(of, 'POST', `/api/${name}`, bearer(of), JSON.stringify(fields))
  return [status, JSON.parse(text) as never]
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

test('only the page with the token is answered', async () => {
  const { port, hash } = new URL(studio.url)
  expect(hash.length).toBeGreaterThan(40)
  const statusOf = async (headers: OutgoingHttpHeaders): Promise<number> =>
    (await send(studio, 'POST', '/api/overview', headers, '{}')).status
  expect(await statusOf(bearer(studio))).toBe(200)
  expect(await statusOf({ ...bearer(studio), origin: `http://127.0.0.1:${port}` })).toBe(200)
  expect(await statusOf({})).toBe(401)
  expect(await statusOf({ authorization: `Bearer ${'A'.repeat(43)}` })).toBe(401)
  // A name that another site makes resolve to loopback, and a request from another site.
  expect(await statusOf({ ...bearer(studio), host: `evil.example:${port}` })).toBe(403)
  expect(await statusOf({ ...bearer(studio), host: '127.0.0.1:1' })).toBe(403)
  expect(await statusOf({ ...bearer(studio), origin: 'http://evil.example' })).toBe(403)
  expect(await statusOf({ ...bearer(studio), origin: 'null' })).toBe(403)
  expect((await send(studio, 'GET', '/', { host: 'evil.example' })).status).toBe(403)
  expect((await send(studio, 'GET', '/api/overview', bearer(studio))).status).toBe(404)
  expect((await send(studio, 'GET', '/../package.json', bearer(studio))).status).toBe(404)
})

test('no response may be read by another site, framed or stored', async () => {
  for (const [method, path] of [
    ['GET', '/'],
    ['GET', '/app.js'],
    ['POST', '/api/overview'],
    ['OPTIONS', '/api/overview'],
  ] as const) {
    const { headers, text } = await send(studio, method, path, {})
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(text).not.toContain(new URL(studio.url).hash.slice(1))
  }
})

test('pages of a range join in both directions', async () => {
  const page = async (fields: object): Promise<{ rows: { key: string; text: string }[]; hasMore: boolean }> =>
    (await call(studio, 'entries', { keyspace: 'default', limit: 100, ...fields }))[1]
  const forward: string[] = []
  let at = await page({})
  for (;;) {
    forward.push(...at.rows.map(({ text }) => text))
    if (!at.hasMore) break
    at = await page({ from: at.rows.at(-1)?.key })
  }
  expect(forward).toHaveLength(1000)
  const backward: string[] = []
  at = await page({ backward: true })
  for (;;) {
    backward.unshift(...at.rows.map(({ text }) => text))
    if (!at.hasMore) break
    at = await page({ backward: true, from: at.rows[0]?.key })
  }
  expect(backward).toEqual(forward)
  expect([...forward].sort()).toEqual(forward)
  expect((await page({ seek: 'k05005' })).rows[0]?.text).toBe('k0501')
  const prefixed = await page({ prefix: 'k012', backward: true })
  expect([prefixed.rows.length, prefixed.rows[0]?.text, prefixed.hasMore]).toEqual([10, 'k0120', false])
  const events = await call(studio, 'entries', { keyspace: 'events', limit: 9, prefix: '["ada"]' })
  expect(events).toMatchObject([200, { rows: [{ text: '["ada",1]' }] }])
  expect((await call(studio, 'entries', { keyspace: 'events', limit: 9, seek: 'ada' }))[0]).toBe(400)
  expect((await call(studio, 'entries', { keyspace: 'nothing', limit: 9 }))[0]).toBe(404)
  expect((await call(studio, 'entries', { keyspace: 'default', limit: 1e9 }))[0]).toBe(400)
})

test('an edit is refused when the entry is no longer the one that was shown', async () => {
  const key = base64('k0007')
  const edit = { keyspace: 'default', key, expected: base64('{"i":7}'), value: base64('seven') }
  expect((await call(studio, 'put', edit))[0]).toBe(200)
  expect(await database.get('k0007')).toBe('seven')
  expect((await call(studio, 'put', edit))[0]).toBe(409)
  expect((await call(studio, 'delete', edit))[0]).toBe(409)
  expect((await call(studio, 'put', { keyspace: 'default', newKey: 'k0007', value: '' }))[0]).toBe(409)
  expect(await database.get('k0007')).toBe('seven')
  expect((await call(studio, 'delete', { ...edit, expected: base64('seven') }))[0]).toBe(200)
  expect(await database.has('k0007')).toBe(false)
  const event = { keyspace: 'events', newKey: '["bob"]', value: base64('not json') }
  expect((await call(studio, 'put', event))[0]).toBe(400)
  expect((await database.verify()).ok).toBe(true)
})

test('a locked directory says so, and opens when it is free; read-only refuses edits', async () => {
  const path = join(folder, 'held')
  const holder = Database.open(path)
  holder.put('a', '1')
  await using locked = await Studio.start(path)
  expect(await call(locked, 'overview')).toMatchObject([
    200,
    { isOpen: false, failure: { code: 'LDB_LOCKED' } },
  ])
  expect((await call(locked, 'entries', { keyspace: 'default', limit: 1 }))[0]).toBe(409)
  holder.close()
  expect(await call(locked, 'open')).toMatchObject([200, { isOpen: true, readOnly: false }])
  await locked.close()
  await using reader = await Studio.start(path, { readOnly: true })
  expect(await call(reader, 'overview')).toMatchObject([200, { isOpen: true, readOnly: true }])
  const put = { keyspace: 'default', newKey: 'b', value: '' }
  expect(await call(reader, 'put', put)).toMatchObject([
    409,
    { error: expect.stringContaining('LDB_READ_ONLY') },
  ])
})

test('options are checked, and an absent directory stays absent', async () => {
  for (const options of [{ port: -1 }, { readOnly: 1 }, { host: '0.0.0.0' }]) {
    await expect(Studio.start(database, options as never)).rejects.toSatisfy((error) =>
      isLdbError(error, 'LDB_INVALID_ARGUMENT'),
    )
  }
  await using absent = await Studio.start(join(folder, 'absent'))
  expect(await call(absent, 'overview')).toMatchObject([200, { failure: { code: 'LDB_NOT_FOUND' } }])
})

test('a page of large values has fewer rows', async () => {
  await using large = await AsyncDatabase.memory()
  for (let i = 0; i < 20; i++) await large.put(`k${String(i).padStart(2, '0')}`, 'x'.repeat(1_048_576))
  const own = await Studio.start(large)
  try {
    const keys: string[] = []
    let from: string | undefined
    for (let page = 0; page < 3; page++) {
      const [status, answer] = await call(own, 'entries', {
        keyspace: 'default',
        limit: 100,
        ...(from && { from }),
      })
      const { rows, hasMore } = answer as { rows: { key: string; text: string }[]; hasMore: boolean }
      expect(status).toBe(200)
      expect(rows.length).toBeLessThanOrEqual(16)
      keys.push(...rows.map(({ text }) => text))
      from = rows.at(-1)?.key
      if (!hasMore) break
    }
    expect(keys).toHaveLength(20)
    expect(new Set(keys).size).toBe(20)
  } finally {
    await own.close()
  }
})

test('a page that takes no changes has none of them kept for it', async () => {
  await using source = await AsyncDatabase.memory()
  const response = new Writable({ highWaterMark: 1000, write: () => undefined })
  const sent = sendChanges(
    { database: source } as Session,
    Object.assign(response, { setHeader: () => response }) as unknown as ServerResponse,
  )
  for (let i = 0; i < 500; i++) await source.put(`k${i}`, 'x'.repeat(100))
  expect(response.writableLength).toBeGreaterThan(1000)
  expect(response.writableLength).toBeLessThan(2000)
  response.destroy()
  await sent
})
