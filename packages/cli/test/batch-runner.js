// Runs commands of the built package one after another in one process, and prints what each has written and its exit code as JSON. With
// `interruptAfter`, the process sends itself SIGINT so many turns of the event loop after a command has begun to listen to it.
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { runCli } from '../lib/index.js'

const commands = JSON.parse(readFileSync(0, 'utf8'))
const write = process.stdout.write.bind(process.stdout)
const results = []
let onListener

// A signal that comes behind the end of its command does not end the process.
process.on('SIGINT', () => undefined)
process.on('newListener', (name) => {
  if (name === 'SIGINT') onListener?.()
})

for (const { args, interruptAfter } of commands) {
  const result = { code: 0, out: '', err: '' }
  let isRunning = true
  const collect = (name) => (text, done) => {
    result[name] += typeof text === 'string' ? text : Buffer.from(text).toString()
    if (typeof done === 'function') done()
    return true
  }
  process.stdout.write = collect('out')
  process.stderr.write = collect('err')
  onListener =
    interruptAfter === undefined
      ? undefined
      : () => {
          onListener = undefined
          const wait = (turns) => {
            if (turns === 0 && isRunning) process.kill(process.pid, 'SIGINT')
            else if (isRunning) setImmediate(wait, turns - 1)
          }
          setImmediate(wait, interruptAfter)
        }
  result.code = await runCli(args)
  isRunning = false
  if (interruptAfter !== undefined) await new Promise((resolve) => setTimeout(resolve, 20))
  results.push(result)
}
write(JSON.stringify(results))
