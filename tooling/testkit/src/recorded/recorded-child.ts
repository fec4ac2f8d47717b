// A process whose system calls are recorded. Its argument is its task in JSON. It sends messages by blocking writes, which take their
// place in the recording.
import { writeSync } from 'node:fs'
import type { RecordedTask } from './recorded-work.js'

// Enable the costly invariant checks before any module of LDB is loaded.
Object.assign(globalThis, { LDB_INVARIANTS: true })
const { recordedWork } = await import('./recorded-work.js')

await recordedWork(JSON.parse(process.argv[2] ?? '') as RecordedTask, (message) => {
  writeSync(1, `${message}\n`)
})
process.exit(7)
