// Runs commands of the built package one after another in one process, which lives as long as the tests that use it. A request is a list of
// commands and the environment that they get; the answer has what each has written and its exit code. With `interruptAfter`, the process sends
// itself SIGINT so many turns of the event loop after a command has begun to listen to it.
import process from 'node:process'
import { runCli } from '../lib/index.js'

let onListener

// A signal that comes behind the end of its command does not end the process.
process.on('SIGINT', () => undefined)
process.on('newListener', (name) => {
  if (name === 'SIGINT') onListener?.()
})

const streams = { out: process.stdout, err: process.stderr }
const writes = { out: process.stdout.write, err: process.stderr.write }

async function run({ args, interruptAfter }) {
  const result = { code: 0, out: '', err: '' }
  let isRunning = true
  for (const [name, stream] of Object.entries(streams)) {
    stream.write = (text, done) => {
      result[name] += typeof text === 'string' ? text : Buffer.from(text).toString()
      if (typeof done === 'function') done()
      return true
    }
  }
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
  try {
    result.code = await runCli(args)
  } finally {
    isRunning = false
    onListener = undefined
    if (interruptAfter !== undefined) await new Promise((resolve) => setTimeout(resolve, 20))
    for (const [name, stream] of Object.entries(streams)) stream.write = writes[name]
  }
  return result
}

async function runAll({ commands, env }) {
  Object.assign(process.env, env)
  const results = []
  try {
    for (const command of commands) results.push(await run(command))
  } finally {
    for (const name of Object.keys(env)) delete process.env[name]
  }
  return results
}

process.on('message', (request) => {
  // A command that rejects is a fault of the command, and ends the process.
  void runAll(request).then((results) => process.send(results))
})
