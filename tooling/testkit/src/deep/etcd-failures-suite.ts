import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Violation } from '../base/violation.js'
import type { Suite, SuiteCounts } from '../suite/suite.js'

const PROGRAM = fileURLToPath(new URL('../../../etcd-failures/dist/main.js', import.meta.url))

/**
 * Kills and freezes the leader, a follower and a client of three members of etcd, each once in a case, in the program of `tooling/etcd-failures`.
 *
 * @remarks The moments of the failures depend on the machine and not on the seed.
 */
export const etcdFailuresSuite: Suite = {
  name: 'etcd-failures',
  runCase: async () => runEtcdFailures(1),
}

async function runEtcdFailures(rounds: number): Promise<SuiteCounts> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is not built: npm run build`)
  const child = spawn(process.execPath, [PROGRAM, '--rounds', String(rounds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk
  })
  const code = await new Promise((resolve) => child.once('close', resolve))
  const result = output.trim().split('\n').at(-1) ?? ''
  if (result.startsWith('skipped')) return { kills: 0 }
  if (code !== 0) throw new Violation(output.slice(-2000))
  const { kills, acknowledged } = JSON.parse(result) as { kills: number; acknowledged: number }
  return { kills, operations: acknowledged }
}
