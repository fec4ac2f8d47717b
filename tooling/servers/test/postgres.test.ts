import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findPostgres, PostgresServer } from '../src/index.js'

const { bin, missing } = findPostgres()
if (missing !== undefined) console.log(`skipped: ${missing}`)

test.skipIf(bin === undefined)(
  'a killed server keeps what it has committed, and a stopped one leaves nothing',
  async () => {
    const server = await PostgresServer.start(bin!)
    try {
      server.query('create table t (n int); insert into t values (7)')
      await server.process.kill()
      expect(() => server.query('select 1')).toThrow()
      await server.restart()
      expect(server.query('select n from t')).toBe('7')
    } finally {
      await server.stop()
    }
    expect(server.isRunning).toBe(false)
    expect(existsSync(server.folder)).toBe(false)
  },
)
