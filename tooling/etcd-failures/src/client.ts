import { writeSync } from 'node:fs'
import { runUntil } from './failure-run.js'

const [name = '', ...endpoints] = process.argv.slice(2)
let isStopped = false
process.stdin.once('data', () => {
  isStopped = true
})
// The process that has started it is gone.
process.stdin.once('end', () => {
  if (!isStopped) process.exit(1)
})
await runUntil(
  endpoints,
  name,
  (line) => {
    // Synchronous: what was reported is not lost with the process.
    writeSync(1, `${JSON.stringify(line)}\n`)
  },
  () => isStopped,
)
process.exit(0)
