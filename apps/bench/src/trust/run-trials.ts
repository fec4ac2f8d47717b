import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installPeer } from '../peers/installation.js'
import { runChild } from './child-process.js'
import { subjectOf, TRUST_SUBJECTS } from './subject-list.js'
import type { TrustSubject } from './subject.js'
import type { TrialCase } from './trial-child.js'
import { TRIALS, trialOf } from './trial-list.js'
import type { Trial } from './trials/trial.js'

const TRIAL_MS_MAX = 1_800_000

/** Options of a run of the trials. */
export interface TrialOptions {
  /** Ids of stores; all when `undefined`. */
  readonly stores: readonly string[] | undefined
  /** Ids of trials; all when `undefined`. */
  readonly only: readonly string[] | undefined
  /** Cases of a trial that has many. */
  readonly cases: number
  readonly dir: string | undefined
  readonly log: (line: string) => void
}

/** What the trials have shown: a row for each trial, with a cell for each store. */
export interface TrialResults {
  readonly titles: readonly string[]
  readonly rows: readonly { readonly title: string; readonly cells: readonly string[] }[]
  readonly cases: number
}

/** Runs the trials against the stores, one after the other. */
export async function runTrials({ stores, only, cases, dir, log }: TrialOptions): Promise<TrialResults> {
  const subjects = (stores?.map(subjectOf) ?? TRUST_SUBJECTS).filter((each) => isInstalled(each, log))
  const trials = only?.map(trialOf) ?? TRIALS
  const rows = []
  for (const trial of trials) {
    const cells = []
    for (const subject of subjects) {
      const cell = await runTrial(trial, subject, cases, dir ?? tmpdir())
      log(`${trial.id}: ${subject.id}: ${cell}`)
      cells.push(cell)
    }
    rows.push({ title: trial.title, cells })
  }
  return { titles: subjects.map(({ title }) => title), rows, cases }
}

function isInstalled({ id, packageName }: TrustSubject, log: (line: string) => void): boolean {
  const failure = packageName === undefined ? undefined : installPeer(packageName, log)
  if (failure !== undefined) log(`${id} is left out: it ${failure}`)
  return failure === undefined
}

async function runTrial(trial: Trial, subject: TrustSubject, cases: number, parent: string): Promise<string> {
  const { isEncrypted } = trial
  if (isEncrypted && !subject.encrypts) return 'no encryption'
  const dir = mkdtempSync(join(parent, 'ldb-trust-'))
  try {
    const parameters: TrialCase = { trial: trial.id, subject: subject.id, dir, cases }
    const { kind, output } = await runChild('trial-child.js', parameters, TRIAL_MS_MAX)
    return kind === 'ended' ? output : `the process ${kind === 'hanging' ? 'hung' : 'crashed'}`
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Returns the results as a table in Markdown. */
export function trialTable({ titles, rows }: TrialResults): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [
    line(['trial', ...titles]),
    line(['---', ...titles.map(() => '---')]),
    ...rows.map(({ title, cells }) => line([title, ...cells])),
  ].join('\n')
}
