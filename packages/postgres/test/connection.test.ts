// Strategy: a server with TLS and a password, whose own views say how each session is connected.
// Invariants: a wrong password and a certificate of an unknown authority are refused within the time of a connection, in words without a secret.
import { ClusterDatabase } from '@ldb/cluster'
import { makeCertificate } from '@ldb/servers'
import type { Certificate, PostgresServer } from '@ldb/servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshSchema, IS_MISSING, openDriver, startServer } from './test-server.js'

describe.skipIf(IS_MISSING)('connections', () => {
  let server: PostgresServer
  let own: Certificate

  beforeAll(async () => {
    own = makeCertificate()
    server = await startServer(own)
  })
  afterAll(async () => {
    await server.stop()
  })

  /** What the server knows of the sessions of a name: whether each has TLS. */
  const encryptedOf = (name: string): string[] =>
    server
      .query(
        `select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = '${name}'`,
      )
      .split('\n')

  test('all sessions have TLS when the options say so, those of watches too', async () => {
    const ssl = { ca: own.certificate }
    const client = { ssl, application_name: 'with-tls' }
    const db = await ClusterDatabase.open(await openDriver(server.url, freshSchema(), { client }))
    await db.put('a', '1')
    const stop = new AbortController()
    const changes = db.changes({ signal: stop.signal })[Symbol.asyncIterator]()
    const first = changes.next()
    await db.put('b', '2')
    expect((await first).value).toMatchObject({ changes: [{ kind: 'put', key: 'b' }] })
    const encrypted = encryptedOf('with-tls')
    expect(encrypted.length).toBeGreaterThanOrEqual(2)
    expect(new Set(encrypted)).toEqual(new Set(['t']))
    stop.abort()
    await changes.return?.().catch(() => undefined)
    await db.close()
  })

  test('without the option they have none', async () => {
    const client = { application_name: 'plain' }
    const db = await ClusterDatabase.open(await openDriver(server.url, freshSchema(), { client }))
    await db.put('a', '1')
    expect(new Set(encryptedOf('plain'))).toEqual(new Set(['f']))
    await db.close()
  })

  test('the option counts for more than the connection string', async () => {
    const client = { ssl: { ca: own.certificate }, application_name: 'stated-twice' }
    for (const mode of ['sslmode=require', 'sslmode=disable', 'ssl=0&keepalives=1']) {
      const driver = await openDriver(`${server.url}?${mode}`, freshSchema(), { client })
      expect(new Set(encryptedOf('stated-twice'))).toEqual(new Set(['t']))
      await driver.close()
    }
    const { certificate: ca } = makeCertificate()
    const refused = openDriver(`${server.url}?sslmode=no-verify`, freshSchema(), { client: { ssl: { ca } } })
    await expect(refused).rejects.toMatchObject({ kind: 'fatal' })
  })

  test('a certificate of an unknown authority is refused before the password is sent', async () => {
    const { certificate: ca } = makeCertificate()
    for (const ssl of [true, { ca }]) {
      const refused = openDriver(server.url, freshSchema(), { client: { ssl, application_name: 'unknown' } })
      await expect(refused).rejects.toMatchObject({
        kind: 'fatal',
        message: expect.stringMatching(/certificate/),
      })
    }
    expect(encryptedOf('unknown')).toEqual([''])
  })

  test('a wrong password is refused, and is not repeated', async () => {
    const url = server.url.replace(server.password, 'not-the-password')
    const error: unknown = await openDriver(url, freshSchema()).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'fatal' })
    expect(String(error)).toMatch(/28P01|password authentication/)
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('not-the-password')
  })

  test('a password of a function is asked for at each connection', async () => {
    let askedCount = 0
    const password = (): Promise<string> => {
      askedCount++
      return Promise.resolve(server.password)
    }
    const client = { user: 'postgres', database: 'postgres', password }
    const url = `postgres://127.0.0.1:${server.port}`
    const db = await ClusterDatabase.open(await openDriver(url, freshSchema(), { client }))
    await Promise.all(['a', 'b', 'c'].map((key) => db.put(key, '1')))
    expect(askedCount).toBeGreaterThan(0)
    await db.close()
  })

  test('a server without TLS is refused when the options ask for it', async () => {
    const plain = await startServer()
    try {
      const refused = openDriver(plain.url, freshSchema(), { client: { ssl: true } })
      await expect(refused).rejects.toMatchObject({ kind: 'fatal', message: expect.stringMatching(/SSL/) })
    } finally {
      await plain.stop()
    }
  })
})
