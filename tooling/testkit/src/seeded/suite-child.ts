// A process that runs cases of one suite. Arguments: name, first seed, number of cases. It writes its messages as lines of JSON.
import { writeSync } from 'node:fs'
import { suiteNamed } from './named-suite.js'
import type { SuiteMessage } from './suite-message.js'

// Enable the costly invariant checks, as in every test, before any module of LDB is loaded.
Object.assign(globalThis, { LDB_INVARIANTS: true })

const [name = '', first = '1', count = '1'] = process.argv.slice(2)

function send(message: SuiteMessage): void {
  writeSync(1, `${JSON.stringify(message)}\n`)
}

/** Returns the innermost cause of an error. */
function rootOf(error: Error): Error {
  let root = error
  while (root.cause instanceof Error) root = root.cause
  return root
}

const suite = await suiteNamed(name)
send({ kind: 'ready' })
let done = 0
try {
  for (; done < Number(count); done++) await suite.runCase(Number(first) + done)
  send({ kind: 'passed' })
} catch (error) {
  const known = error instanceof Error ? error : new Error(String(error))
  const root = rootOf(known)
  const { message } = known
  send({
    kind: 'failed',
    cases: done + 1,
    errorName: known.name,
    rootName: root.name,
    message: message.length > 4000 ? `${message.slice(0, 4000)}…` : message,
  })
}
// The kill suite leaves a standby child.
process.exit(0)
