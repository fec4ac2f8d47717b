import { conformanceCases } from '@ldb/cluster-conformance'
import type { PostgresServer } from '@ldb/servers'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { freshSchema, IS_MISSING, openDriver, startServer } from './test-server.js'

let server: PostgresServer
const schema = freshSchema()

beforeAll(async () => {
  if (!IS_MISSING) server = await startServer()
})
afterAll(async () => {
  if (!IS_MISSING) await server.stop()
})

describe.skipIf(IS_MISSING)('the conformance kit', () => {
  for (const { name, run } of conformanceCases(() => openDriver(server.url, schema), { scale: 0.2 })) {
    test(name, run)
  }
})
