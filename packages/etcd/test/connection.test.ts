// Strategy: one member that demands certificates of its clients, and one that demands logins.
// Invariants: a client with the right ones reads and writes; any other is refused, in words without a secret.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LdbError } from '@ldb/base'
import { ClusterDatabase } from '@ldb/cluster'
import { makeCertificate } from '@ldb/servers'
import type { EtcdServers } from '@ldb/servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EtcdDriver } from '../src/index.js'
import type { EtcdOptions } from '../src/index.js'
import { hasEtcd, startEtcd } from './servers.js'

/** Opens a database, writes, watches, and returns what the watch has seen. */
async function use(options: EtcdOptions): Promise<unknown> {
  const db = await ClusterDatabase.open(await EtcdDriver.open(options))
  try {
    const changes = db.changes()[Symbol.asyncIterator]()
    const first = changes.next()
    await db.put('a', '1')
    const { value } = await first
    await changes.return?.()
    expect(await db.get('a')).toBe('1')
    return value
  } finally {
    await db.close()
  }
}

describe.skipIf(!hasEtcd)('with certificates', () => {
  const { certificate, key } = hasEtcd ? makeCertificate() : { certificate: '', key: '' }
  let servers: EtcdServers
  let endpoints: string[]
  let folder: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ldb-etcd-certificate-'))
    const [certificateFile, keyFile] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
    writeFileSync(certificateFile, certificate)
    writeFileSync(keyFile, key)
    const tls = { certificate: certificateFile, key: keyFile, authority: certificateFile }
    servers = await startEtcd({ memberCount: 1, tls })
    endpoints = servers.endpoints
  })
  afterAll(async () => {
    await servers.stop()
    rmSync(folder, { recursive: true })
  })

  test('a client with a certificate reads, writes and watches', async () => {
    expect(endpoints[0]).toMatch(/^https:/)
    const seen = await use({ endpoints, ca: certificate, certificate, key })
    expect(seen).toMatchObject({ changes: [{ kind: 'put', key: 'a' }] })
  })

  test.each([
    ['that trusts other authorities', {}],
    ['without a certificate', { ca: certificate }],
    ['with a certificate of another authority', { ca: certificate, ...makeOther() }],
  ])('a client %s is refused', async (_name, options) => {
    await expect(use({ endpoints, ...options })).rejects.toMatchObject({
      kind: 'fatal',
      message: expect.stringMatching(/^TLS: .*certificate|^TLS: .*alert/),
    })
  })
})

function makeOther(): { certificate: string; key: string } | object {
  return hasEtcd ? makeCertificate() : {}
}

describe.skipIf(!hasEtcd)('with logins', () => {
  let servers: EtcdServers
  let endpoints: string[]

  beforeAll(async () => {
    servers = await startEtcd({ memberCount: 1 })
    endpoints = servers.endpoints
    // The gateway of etcd takes calls as JSON.
    const ask = async (path: string, body: object): Promise<void> => {
      const response = await fetch(`${endpoints[0]}/v3/auth/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      })
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
    }
    await ask('user/add', { name: 'root', password: 'of the root' })
    await ask('role/add', { name: 'root' })
    await ask('user/grant', { user: 'root', role: 'root' })
    await ask('user/add', { name: 'guest', password: 'of the guest' })
    await ask('enable', {})
  })
  afterAll(() => servers.stop())

  test('a user reads, writes and watches', async () => {
    const seen = await use({ endpoints, username: 'root', password: 'of the root' })
    expect(seen).toMatchObject({ changes: [{ kind: 'put', key: 'a' }] })
  })

  test.each([
    ['without a login', {}],
    ['with a wrong password', { username: 'root', password: 'of another' }],
    ['without permissions', { username: 'guest', password: 'of the guest' }],
  ])('a client %s is refused at once', async (_name, options) => {
    const error: unknown = await use({ endpoints, ...options }).catch((reason: unknown) => reason)
    // At the opening, or in the first call of the database.
    const { cause = error } = error as Error
    expect(error instanceof LdbError ? cause : error).toMatchObject({ kind: 'fatal' })
    expect(String(error)).not.toContain('of another')
  })
})
