import { fileURLToPath } from 'node:url'
import { replaceSectionOfFile } from '../report/marked-section.js'
import { runTrials, trialTable } from '../trust/run-trials.js'
import { TRUST_SUBJECTS } from '../trust/subject-list.js'
import { TRIALS } from '../trust/trial-list.js'
import type { TrustArguments } from './arguments.js'
import { UsageError } from './usage-error.js'

const CASES = 200
const TRUST_FILE = fileURLToPath(new URL('../../TRUST.md', import.meta.url))

/** Runs the trials of all stores, and prints their table. */
export async function trust({ only, stores, cases = CASES, readme, dir }: TrustArguments): Promise<number> {
  expectKnown('trial', only, TRIALS)
  expectKnown('store', stores, TRUST_SUBJECTS)
  const log = (line: string): void => {
    process.stderr.write(`${line}\n`)
  }
  const results = await runTrials({ only, stores, cases, dir, log })
  const table = trialTable(results)
  process.stdout.write(`${table}\n`)
  if (readme) replaceSectionOfFile(TRUST_FILE, 'trust', `${table}\n\n${cases} cases each.`)
  return 0
}

function expectKnown(
  kind: string,
  names: readonly string[] | undefined,
  known: readonly { id: string }[],
): void {
  const unknown = names?.find((name) => !known.some(({ id }) => id === name))
  if (unknown !== undefined) throw new UsageError(`there is no ${kind} ${unknown}`)
}
