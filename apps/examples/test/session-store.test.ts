// Strategy: HTTP requests against a server in this process; the wall clock is set by the test.
// Invariants: no visit is lost, a session lives exactly as long as its last beginning or renewal says, and an ended one is gone.
import type { AddressInfo } from 'node:net'
import { AsyncDatabase } from '@ldb/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sessionServer, SessionStore } from '../src/session-store.js'

const TTL_MS = 60_000

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
})

afterEach(() => {
  vi.useRealTimers()
})

test('sessions expire, are renewed, and count every visit', async () => {
  await using db = await AsyncDatabase.memory()
  const server = sessionServer(await SessionStore.open(db, TTL_MS))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = addressOf(server.address())
  const at = `http://127.0.0.1:${port}`
  const begin = async (user: string): Promise<string> => {
    const response = await fetch(`${at}/sessions?user=${user}`, { method: 'POST' })
    expect(response.status).toBe(201)
    return response.headers.get('set-cookie')?.split(';')[0] ?? ''
  }
  const call = async (cookie: string, method = 'GET'): Promise<[number, string]> => {
    const response = await fetch(`${at}/session`, { method, headers: { cookie } })
    return [response.status, await response.text()]
  }
  try {
    const [ada, bo] = [await begin('ada'), await begin('bo')]
    const visits = await Promise.all(Array.from({ length: 20 }, () => call(ada)))
    expect(visits.every(([status]) => status === 200)).toBe(true)
    expect(new Set(visits.map(([, body]) => body)).size).toBe(20)
    expect(await call(ada)).toEqual([200, '{"user":"ada","visitCount":21}'])

    // A visit does not prolong a session: one is renewed at half of its life, the other is not.
    vi.setSystemTime(1_000_000 + TTL_MS / 2)
    expect((await call(ada, 'PUT'))[0]).toBe(200)
    expect((await call(bo))[0]).toBe(200)
    vi.setSystemTime(1_000_000 + TTL_MS + 1)
    expect((await call(ada))[0]).toBe(200)
    expect((await call(bo))[0]).toBe(401)
    expect((await call(bo, 'PUT'))[0]).toBe(401)

    expect(await call(ada, 'DELETE')).toEqual([200, '{"user":"ada","visitCount":22}'])
    expect((await call(ada))[0]).toBe(401)
    expect((await call('session=unknown'))[0]).toBe(401)
    expect((await fetch(at)).status).toBe(404)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

function addressOf(address: AddressInfo | string | null): AddressInfo {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen')
  return address
}
