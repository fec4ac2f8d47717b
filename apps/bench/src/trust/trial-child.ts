import { subjectOf } from './subject-list.js'
import { trialOf } from './trial-list.js'

/** What a child runs. */
export interface TrialCase {
  readonly trial: string
  readonly subject: string
  readonly dir: string
  readonly cases: number
}

const { trial, subject, dir, cases } = JSON.parse(process.argv[2] as string) as TrialCase
const { run, isEncrypted } = trialOf(trial)
const cell = await run({ subject: subjectOf(subject), dir, cases, isEncrypted }).catch(
  (error: unknown) => `failed: ${error instanceof Error ? error.message : String(error)}`,
)
process.stdout.write(cell, () => process.exit(0))
