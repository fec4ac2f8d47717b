import { parseArgs } from 'node:util'
import { findEtcd } from '@ldb/servers'
import { startClientProcess } from './client-process.js'
import { FAILURES, runFailures } from './failure-run.js'

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } })
const { program, missing } = findEtcd()
if (program === undefined) {
  console.log(`skipped: ${missing}`)
} else {
  const rounds = Number(values.rounds)
  const failures = Array.from({ length: rounds }, () => FAILURES).flat()
  const { problems, ...counts } = await runFailures(program, {
    failures,
    startClient: startClientProcess,
    onRound: (text) => {
      console.log(text)
    },
  })
  for (const problem of problems) console.log(`violation: ${problem}`)
  console.log(JSON.stringify({ kills: failures.length, ...counts, violations: problems.length }))
  process.exitCode = problems.length === 0 ? 0 : 1
}
