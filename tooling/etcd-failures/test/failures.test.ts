import { expect, test } from 'vitest'
import { findEtcd } from '@ldb/servers'
import { runFailures } from '../src/failure-run.js'

const { program, missing } = findEtcd()
if (missing !== undefined) console.log(`skipped: ${missing}`)

test.skipIf(program === undefined)(
  'no write is lost or doubled and no change missed when the leader is killed, and when it freezes',
  async () => {
    const { problems, unknown, ...counts } = await runFailures(program ?? '', {
      failures: ['kill leader', 'freeze leader'],
    })
    expect(problems).toEqual([])
    // Writes were in flight, so that there was something to lose.
    expect(unknown).toBeGreaterThan(0)
    expect(counts.acknowledged).toBeGreaterThan(100)
    expect(counts.changes).toBeGreaterThan(counts.acknowledged)
  },
)
