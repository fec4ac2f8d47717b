// A process that runs cases of one suite, told by its arguments: name, first seed, number of cases. It writes a line of
// JSON for each case, and one at the end.
import { writeSync } from 'node:fs'
import { suiteNamed } from './named-suite.js'
import type { SuiteMessage } from './suite-message.js'

// Before anything of LDB is loaded: costly checks on, as in every test.
Object.assign(globalThis, { LDB_INVARIANTS: true })

const [name = '', first = '1', count = '1'] = process.argv.slice(2)

function tell(message: SuiteMessage): void {
  writeSync(1, `${JSON.stringify(message)}\n`)
}

/** Returns the error that began it all. */
function rootOf(error: Error): Error {
  let root = error
  while (root.cause instanceof Error) root = root.cause
  return root
}

const suite = await suiteNamed(name)
tell({ kind: 'ready' })
let done = 0
try {
  for (; done < Number(count); done++) await suite.runCase(Number(first) + done)
  tell({ kind: 'passed' })
} catch (error) {
  const known = error instanceof Error ? error : new Error(String(error))
  const root = rootOf(known)
  const { message } = known
  tell({
    kind: 'failed',
    cases: done + 1,
    errorName: known.name,
    rootName: root.name,
    message: message.length > 4000 ? `${message.slice(0, 4000)}…` : message,
  })
}
// The suite of kills keeps a child in reserve.
process.exit(0)
