import { readFileSync } from 'node:fs'
import type { ReadCase } from './case-process.js'
import { readAgainst } from './reading.js'
import { subjectOf } from './subject-list.js'
import type { Entry } from './subject.js'
import { KEY } from './trials/trial.js'

const { subject, dir, expected, isEncrypted } = JSON.parse(process.argv[2] as string) as ReadCase
const entries = JSON.parse(readFileSync(expected, 'utf8')) as Entry[]
const outcome = await readAgainst(subjectOf(subject), { dir, ...(isEncrypted && { key: KEY }) }, entries)
// A rejection without a handler ends the process, and counts as a crash, unless it comes after this.
process.stdout.write(outcome, () => process.exit(0))
