// Strategy: statements that fail at each stage, between others of one message; the server's own views say what is left of them.
// Invariants: what is behind an error does not run, what is before it is not kept, and the session is as usable as before.
import type { PostgresServer } from '@ldb/servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Session } from '../src/session/session.js'
import { IS_MISSING, startServer } from './test-server.js'

const TIMEOUT_MS = 5000
/** Fails when it is run for 0, and is prepared whatever it is run for. */
const DIVISION = 'select 1 / $1::int'
const PREPARED = 'select count(*) from pg_prepared_statements'

describe.skipIf(IS_MISSING)('a session', () => {
  let server: PostgresServer
  let session: Session

  beforeAll(async () => {
    server = await startServer()
    session = await Session.connect({ connectionString: server.url, name: 'server' }, {}, TIMEOUT_MS)
    await session.query('create temporary table t (n int)')
  })
  afterAll(async () => {
    await session.end()
    await server.stop()
  })

  async function valueOf(text: string): Promise<string | null | undefined> {
    const { rows } = await session.query(text)
    return rows[0]?.[0]
  }

  test('keeps a statement that always fails once on the server', async () => {
    const before = Number(await valueOf(PREPARED))
    for (let run = 0; run < 20; run++)
      await expect(session.query(DIVISION, ['0'])).rejects.toMatchObject({ code: '22012' })
    expect(Number(await valueOf(PREPARED)) - before).toBe(1)
    expect(await session.query(DIVISION, ['1'])).toMatchObject({ rows: [['1']] })
  })

  test.each([
    ['is run', { text: DIVISION, values: ['0'] }],
    ['is bound', { text: DIVISION, values: ['x'] }],
    ['is parsed', { text: 'selec' }],
  ])('keeps nothing of a message with a statement that fails when it %s', async (when, failing) => {
    const add = { text: 'insert into t values ($1::int)', values: [1] }
    // The server never sees the text of the last one before it is sent again.
    const last = { text: `insert into t values (2) -- ${when}` }
    await expect(session.exchange([add, failing, last])).rejects.toThrow()
    expect(await valueOf('select count(*) from t')).toBe('0')
    await expect(session.exchange([{ text: 'begin' }, add, failing, { text: 'commit' }])).rejects.toThrow()
    expect(await session.query('rollback')).toMatchObject({ command: 'ROLLBACK' })
    expect(await valueOf('select count(*) from t')).toBe('0')
    const answers = await session.exchange([{ text: 'begin' }, last, { text: 'rollback' }])
    expect(answers.map(({ command }) => command)).toEqual(['BEGIN', 'INSERT', 'ROLLBACK'])
  })
})
